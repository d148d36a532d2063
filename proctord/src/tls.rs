//! The certificate that the service shows its clients: read from its files at the start, and again whenever they
//! change. A change that cannot be used leaves the old one in force. Who listens where is not known here.

mod pair;
mod renewal;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tracing::{error, info};

use crate::telemetry::chain;
use pair::Pair;
use renewal::{Look, Renewal};

pub use pair::TlsError;

/// Between two looks at the files.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Where the certificate and its key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The service's own certificate first, then those of who signed it.
    pub chain: PathBuf,
    pub key: PathBuf,
}

/// The certificate that is shown.
pub struct Tls {
    files: TlsFiles,
    pair: Pair,
    shown: Arc<Shown>,
}

/// What handshakes take, while it may be replaced.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Tls {
    /// Reads the files and makes sure that they can be used.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn open(files: &TlsFiles) -> Result<Self, TlsError> {
        let pair = Pair::read(files, &aws_lc_rs::default_provider())?;
        Ok(Self {
            files: files.clone(),
            shown: Arc::new(Shown(RwLock::new(pair.certified()))),
            pair,
        })
    }

    /// What a server needs to speak TLS 1.2 and 1.3 with whatever certificate is shown then.
    ///
    /// # Errors
    /// None with the provider that is compiled in: it has ciphers for both versions.
    pub fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.shown) as Arc<dyn ResolvesServerCert>);
        Ok(config)
    }

    /// Looks at the files for ever and shows what is new in them.
    pub async fn watch(&self) {
        let provider = aws_lc_rs::default_provider();
        let mut renewal = Renewal::of(self.pair.digest());
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            match renewal.look(Pair::read(&self.files, &provider)) {
                Look::Nothing => {}
                Look::Renewed(certified) => {
                    self.shown.replace(certified);
                    info!(file = %self.files.chain.display(), "a new certificate is shown from now on");
                }
                Look::Refused(refused) => error!(
                    error = chain(&refused),
                    "the new certificate cannot be used; the old one stays"
                ),
            }
        }
    }
}

impl Shown {
    fn replace(&self, certified: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}
