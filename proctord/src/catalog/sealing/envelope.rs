//! Sealed values as bytes, and all secrets of one execution as one such piece, bound to the execution's name, so
//! that they can be kept beside its row and are of no use elsewhere.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::{Sealed, SealingError, SecretKeys};
use crate::catalog::CatalogError;
use crate::domain::environment::Secrets;
use crate::domain::name::ExecutionName;

/// A sealed piece as it is stored, in JSON.
#[derive(Serialize, Deserialize)]
struct Envelope {
    key_id: String,
    nonce: String,
    ciphertext: String,
}

impl Sealed {
    /// As it is stored where there are no columns.
    ///
    /// # Errors
    /// None that can come about: it is made of text.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealingError> {
        let envelope = Envelope {
            key_id: self.key_id.clone(),
            nonce: STANDARD.encode(&self.nonce),
            ciphertext: STANDARD.encode(&self.ciphertext),
        };
        serde_json::to_vec(&envelope).map_err(|_| SealingError::Unsealable)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// The bytes are nothing that was sealed here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealingError> {
        let envelope: Envelope =
            serde_json::from_slice(bytes).map_err(|_| SealingError::Unreadable)?;
        let decoded = |text: &str| STANDARD.decode(text).map_err(|_| SealingError::Unreadable);
        Ok(Self {
            nonce: decoded(&envelope.nonce)?,
            ciphertext: decoded(&envelope.ciphertext)?,
            key_id: envelope.key_id,
        })
    }
}

impl SecretKeys {
    /// Seals the secrets of an execution.
    ///
    /// # Errors
    /// They are too long for the cipher.
    pub fn seal_for(
        &self,
        execution: &ExecutionName,
        secrets: &Secrets,
    ) -> Result<Vec<u8>, CatalogError> {
        self.seal_values(execution, secrets)
            .map_err(|error| CatalogError::Unavailable {
                doing: "seal the secrets of an execution",
                source: Box::new(error),
            })
    }

    /// Opens the secrets of an execution.
    ///
    /// # Errors
    /// The key is missing or wrong, or the bytes are not those that were sealed for this execution.
    pub fn open_for(
        &self,
        execution: &ExecutionName,
        sealed: &[u8],
    ) -> Result<Secrets, CatalogError> {
        self.open_values(execution, sealed)
            .map_err(|error| CatalogError::Damaged {
                what: format!("the sealed secrets of {execution}"),
                source: Some(Box::new(error)),
            })
    }

    fn seal_values(
        &self,
        execution: &ExecutionName,
        secrets: &Secrets,
    ) -> Result<Vec<u8>, SealingError> {
        let values: BTreeMap<_, _> = secrets
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
            .collect();
        let plain =
            Zeroizing::new(serde_json::to_vec(&values).map_err(|_| SealingError::Unsealable)?);
        self.seal_at(&place(execution), &plain)?.to_bytes()
    }

    fn open_values(
        &self,
        execution: &ExecutionName,
        sealed: &[u8],
    ) -> Result<Secrets, SealingError> {
        let sealed = Sealed::from_bytes(sealed)?;
        let plain = Zeroizing::new(self.open_at(&place(execution), &sealed)?);
        let values: BTreeMap<String, String> =
            serde_json::from_slice(&plain).map_err(|_| SealingError::Unreadable)?;
        values
            .into_iter()
            .map(|(name, value)| match name.parse() {
                Ok(name) => Ok((name, value.into())),
                Err(_) => Err(SealingError::Unreadable),
            })
            .collect()
    }
}

/// What the bytes are bound to; nothing else begins like this.
fn place(execution: &ExecutionName) -> Vec<u8> {
    format!("proctor execution\0{execution}").into_bytes()
}
