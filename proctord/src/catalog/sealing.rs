//! Sealing: secret values are encrypted and authenticated before they are stored, bound to the proc and the
//! name, or to the execution, that they belong to. Keys are named, so that a new one can be put first while older ones still open.

mod envelope;
mod keys;

use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::domain::name::{ProcName, VariableName};

pub use keys::{KeysError, SecretKeys};

/// A sealed value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that sealed it.
    pub key_id: String,
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
}

/// Why a value cannot be sealed or opened. None of these tells anything of the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealingError {
    #[error("it is sealed with the key `{0}`, which is not among the given ones")]
    UnknownKey(String),
    #[error(
        "it does not open with the key `{0}`: that is another key by the same name, or the stored bytes were changed"
    )]
    Refused(String),
    #[error("it cannot be sealed")]
    Unsealable,
    #[error("it is nothing that was sealed here")]
    Unreadable,
}

impl SecretKeys {
    /// Seals a value for one secret of one proc.
    ///
    /// # Errors
    /// The value is too long for the cipher.
    pub fn seal(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        value: &SecretString,
    ) -> Result<Sealed, SealingError> {
        self.seal_at(&place(proc_name, name), value.expose_secret().as_bytes())
    }

    /// Opens what was sealed for this secret of this proc.
    ///
    /// # Errors
    /// The key is missing or wrong, or the bytes are not those that were sealed for this place.
    pub fn open(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        sealed: &Sealed,
    ) -> Result<SecretString, SealingError> {
        let value = self.open_at(&place(proc_name, name), sealed)?;
        String::from_utf8(value)
            .map(SecretString::from)
            .map_err(|_| SealingError::Refused(sealed.key_id.clone()))
    }

    /// Whether the key that seals now has sealed it.
    #[must_use]
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        sealed.key_id == self.sealing_key().0
    }

    /// Seals bytes for a place.
    fn seal_at(&self, place: &[u8], bytes: &[u8]) -> Result<Sealed, SealingError> {
        let (key_id, key) = self.sealing_key();
        let nonce = XNonce::generate();
        let message = Payload {
            msg: bytes,
            aad: place,
        };
        let ciphertext = XChaCha20Poly1305::new(key.expose_secret().into())
            .encrypt(&nonce, message)
            .map_err(|_| SealingError::Unsealable)?;
        Ok(Sealed {
            key_id: key_id.to_owned(),
            nonce: nonce.to_vec(),
            ciphertext,
        })
    }

    /// Opens what was sealed for this place.
    fn open_at(&self, place: &[u8], sealed: &Sealed) -> Result<Vec<u8>, SealingError> {
        let key = self
            .find(&sealed.key_id)
            .ok_or_else(|| SealingError::UnknownKey(sealed.key_id.clone()))?;
        let refused = || SealingError::Refused(sealed.key_id.clone());
        let nonce = XNonce::try_from(&sealed.nonce[..]).map_err(|_| refused())?;
        let message = Payload {
            msg: &sealed.ciphertext,
            aad: place,
        };
        XChaCha20Poly1305::new(key.expose_secret().into())
            .decrypt(&nonce, message)
            .map_err(|_| refused())
    }
}

/// Where a value belongs. Neither name can hold a NUL, so no two places read the same.
fn place(proc_name: &ProcName, name: &VariableName) -> Vec<u8> {
    format!("proctor secret\0{proc_name}\0{name}").into_bytes()
}

#[cfg(test)]
mod tests;
