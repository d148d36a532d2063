//! A certificate and its key as their files have them, read and held against each other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::TlsFiles;

/// Why a certificate cannot be shown.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is no proper PEM", path.display())]
    NoPem { path: PathBuf, source: pem::Error },
    #[error("{} holds no certificate in PEM", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} holds no private key in PEM", path.display())]
    NoKey { path: PathBuf },
    #[error("the key in {} is encrypted; the service needs it without a passphrase", path.display())]
    EncryptedKey { path: PathBuf },
    #[error(
        "the key in {} is not that of the first certificate in {}, which is to be the service's own",
        key.display(),
        chain.display()
    )]
    Mismatch { chain: PathBuf, key: PathBuf },
    #[error("{} and {} cannot be used", chain.display(), key.display())]
    Unfit {
        chain: PathBuf,
        key: PathBuf,
        source: rustls::Error,
    },
}

/// A certificate with its key, and a digest of the files that they are from.
#[derive(Debug)]
pub(super) struct Pair {
    certified: Arc<CertifiedKey>,
    digest: [u8; 32],
}

impl Pair {
    pub(super) fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let chain_pem = read(&files.chain)?;
        let key_pem = read(&files.key)?;
        let chain = chain(&files.chain, &chain_pem)?;
        let key = key(&files.key, &key_pem)?;
        let certified = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
            let (chain, key) = (files.chain.clone(), files.key.clone());
            match error {
                rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { chain, key },
                source => TlsError::Unfit { chain, key, source },
            }
        })?;
        let digest = Sha256::new()
            .chain_update(Sha256::digest(&chain_pem))
            .chain_update(Sha256::digest(&key_pem));
        Ok(Self {
            certified: Arc::new(certified),
            digest: digest.finalize().into(),
        })
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// Equal for equal files.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn chain(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let path = path.to_owned();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::NoCertificate { path }),
        Ok(chain) => Ok(chain),
        Err(source) => Err(TlsError::NoPem { path, source }),
    }
}

fn key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let path = path.to_owned();
    let names = |text: &[u8]| pem.windows(text.len()).any(|window| window == text);
    match PrivateKeyDer::from_pem_slice(pem) {
        // The second form is that of OpenSSL's own files, in a header of what looks like a plain key.
        _ if names(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || names(b"Proc-Type: 4,ENCRYPTED") =>
        {
            Err(TlsError::EncryptedKey { path })
        }
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey { path }),
        Err(source) => Err(TlsError::NoPem { path, source }),
    }
}
