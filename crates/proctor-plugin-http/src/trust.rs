//! Whose certificates are believed: the authorities that the system knows, or that SSL_CERT_FILE or SSL_CERT_DIR name.

use std::sync::Arc;

use proctor_plugin::Failure;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// The authorities, read once.
pub(crate) struct Trust {
    authorities: Vec<Certificate<'static>>,
    mistakes: Vec<String>,
}

impl Trust {
    pub(crate) fn of_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        Self {
            authorities: found
                .certs
                .iter()
                .map(|certificate| Certificate::from_der(certificate).to_owned())
                .collect(),
            mistakes: found.errors.iter().map(ToString::to_string).collect(),
        }
    }

    /// Says why nothing can be believed, before a handshake fails with less of a reason.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if !self.authorities.is_empty() {
            return Ok(());
        }
        let mut why = String::from(
            "no certificate authorities are known here: install ca-certificates, or name them by SSL_CERT_FILE",
        );
        for mistake in &self.mistakes {
            why = format!("{why}; {mistake}");
        }
        Err(Failure::new(why))
    }

    pub(crate) fn tls(&self) -> TlsConfig {
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(crypto)
            .root_certs(RootCerts::Specific(Arc::new(self.authorities.clone())))
            .build()
    }
}
