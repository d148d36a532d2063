//! Whom the command line believes to be proctord: the authorities of this machine, or those of one file alone.
//! Who certifies nobody needs to be asked for plain HTTP, so nothing is read for it.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use crate::config::Settings;
use crate::escape::visible;

/// The authorities to believe cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("Config Error!!!\nthe certificates to trust cannot be read from {}: {source}", visible(&path.display().to_string()))]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("Config Error!!!\n{} holds no certificates in PEM to trust{}", visible(&path.display().to_string()), because(.cause))]
    NoCertificates { path: PathBuf, cause: String },
    #[error(
        "Config Error!!!\nthis machine has no certificates to trust{}\nName some with --cacert FILE or PROCTOR_CACERT.",
        because(.cause)
    )]
    NoneHere { cause: String },
}

fn because(cause: &str) -> String {
    if cause.is_empty() {
        String::new()
    } else {
        format!(": {cause}")
    }
}

/// What is needed to speak TLS to the host of the settings.
pub fn config(settings: &Settings) -> Result<ClientConfig, TrustError> {
    let roots = match &settings.ca_file {
        _ if !settings.host.speaks_tls() => RootCertStore::empty(),
        Some(path) => of_file(path)?,
        None => of_this_machine()?,
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has ciphers for these versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn of_file(path: &Path) -> Result<RootCertStore, TrustError> {
    let pem = std::fs::read(path).map_err(|source| TrustError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let unfit = |cause: String| TrustError::NoCertificates {
        path: path.to_owned(),
        cause,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unfit(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unfit(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unfit(String::new()));
    }
    Ok(roots)
}

/// Some of a machine's certificates may be of kinds that nobody understands any more; they do not count.
fn of_this_machine() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let cause = found.errors.first().map(ToString::to_string);
        return Err(TrustError::NoneHere {
            cause: cause.unwrap_or_default(),
        });
    }
    Ok(roots)
}

/// What to do about a handshake that failed for a reason that no second try changes; `None` for all else.
pub fn advice(settings: &Settings, error: &(dyn StdError + 'static)) -> Option<String> {
    let host = &settings.host;
    Some(match rustls_error(error)? {
        rustls::Error::InvalidCertificate(refused) => of_certificate(settings, refused),
        rustls::Error::InvalidMessage(_) => format!(
            "{host} does not speak TLS. If it is meant to speak plain HTTP, PROCTOR_HOST begins with http://."
        ),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        ) => format!("{host} speaks neither TLS 1.2 nor 1.3 as they are spoken here."),
        _ => return None,
    })
}

/// What is said of a certificate of an authority that is shown as a service's own, which has no error of its own kind.
const USED_BY_ITSELF: &str = "CaUsedAsEndEntity";

fn of_certificate(settings: &Settings, refused: &CertificateError) -> String {
    let host = &settings.host;
    match refused {
        // One that has the name of somebody who is trusted, but not their key, is a stranger too.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => match &settings.ca_file
        {
            Some(path) => format!(
                "The certificate of {host} is signed by nobody in {}.",
                visible(&path.display().to_string())
            ),
            None => format!(
                "The certificate of {host} is signed by nobody whom this machine trusts. If you trust them, name \
                 the file of their certificate with --cacert FILE or PROCTOR_CACERT."
            ),
        },
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            format!(
                "The certificate of {host} names no host: whoever runs it must have one made with a subjectAltName."
            )
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "The certificate is for {}, not for {host}: PROCTOR_HOST must have a name that it is for.",
            visible(&names(presented))
        ),
        CertificateError::NotValidForName => {
            format!(
                "The certificate is not for {host}: PROCTOR_HOST must have a name that it is for."
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
            "The certificate of {host} has expired: whoever runs it must renew it, unless the clock here is wrong."
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("The certificate of {host} is not valid yet, unless the clock here is wrong.")
        }
        CertificateError::Other(other) if format!("{other:?}").contains(USED_BY_ITSELF) => format!(
            "The certificate of {host} is one of an authority: whoever runs it must have one made with CA:FALSE, or \
             have this one sign another."
        ),
        _ => format!("The certificate of {host} cannot be trusted."),
    }
}

/// The names of a certificate, which are told as `DnsName("example.com")`.
fn names(presented: &[String]) -> String {
    let plain = presented
        .iter()
        .map(|name| name.split('"').nth(1).unwrap_or(name));
    plain.collect::<Vec<_>>().join(", ")
}

/// The failure of TLS among the causes of an error, if there is one.
fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // An I/O error that wraps another one, which may be one too, does not name it as its source.
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => rustls_error(wrapped),
        None => rustls_error(error.source()?),
    }
}
