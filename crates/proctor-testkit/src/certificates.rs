//! Certificates for servers under test: an authority of one's own, and what it signs.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use tempfile::TempDir;

/// An authority that signs certificates, as long as it lives.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    signed: Cell<usize>,
}

/// The files of a certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
    /// The certificate of who signed it.
    pub authority: PathBuf,
}

/// What kind of key a certificate has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Rsa,
    Ecdsa,
    Ed25519,
}

impl Authority {
    /// A new one with a name of its own, which nobody trusts yet.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let name = folder.path().display().to_string();
        Self::of(folder, name)
    }

    /// Another one of the same name, with a key of its own.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn namesake(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self::of(folder, self.name.clone())
    }

    fn of(folder: TempDir, name: String) -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, name.as_str());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, key(KeyKind::Ecdsa));
        let issuer = issuer.expect("an authority can be made");
        write(&folder.path().join("ca.pem"), &issuer.pem());
        Self {
            folder,
            name,
            issuer,
            signed: Cell::new(0),
        }
    }

    /// Its own certificate, to be trusted.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for a server of these names and addresses.
    #[must_use]
    pub fn certify(&self, names: &[&str]) -> Certificate {
        self.certify_with(names, KeyKind::Ecdsa)
    }

    /// A certificate with a key of this kind.
    #[must_use]
    pub fn certify_with(&self, names: &[&str], kind: KeyKind) -> Certificate {
        self.sign(&params(names), kind)
    }

    /// A certificate whose time is over.
    #[must_use]
    pub fn certify_expired(&self, names: &[&str]) -> Certificate {
        let mut params = params(names);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(&params, KeyKind::Ecdsa)
    }

    /// A certificate of an authority, which is none for a server.
    #[must_use]
    pub fn certify_authority(&self, names: &[&str]) -> Certificate {
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.sign(&params, KeyKind::Ecdsa)
    }

    fn sign(&self, params: &CertificateParams, kind: KeyKind) -> Certificate {
        let key = key(kind);
        let certificate = params.signed_by(&key, &self.issuer);
        let certificate = certificate.expect("a certificate can be signed");
        let number = self.signed.replace(self.signed.get() + 1);
        let file = |name: &str| self.folder.path().join(format!("{number}-{name}.pem"));
        let signed = Certificate {
            chain: file("chain"),
            key: file("key"),
            authority: self.path(),
        };
        write(&signed.chain, &certificate.pem());
        write(&signed.key, &key.serialize_pem());
        signed
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).expect("these are names and addresses")
}

fn key(kind: KeyKind) -> KeyPair {
    match kind {
        KeyKind::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        KeyKind::Ecdsa => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        KeyKind::Ed25519 => KeyPair::generate_for(&PKCS_ED25519),
    }
    .expect("a key can be made")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the folder can be written to");
}
