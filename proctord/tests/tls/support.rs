//! A service that speaks TLS, and a client whose every byte a test has in its hands.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proctor_testkit::{Authority, Certificate, KeyKind, Proctord, ProctordBuilder};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use tempfile::TempDir;

pub const HERE: &[&str] = &["127.0.0.1", "localhost"];
/// Whatever is not there by then does not come.
const DEADLINE: Duration = Duration::from_secs(60);

/// A service whose certificate an authority of its own has signed.
pub struct Service {
    pub proctord: Proctord,
    pub authority: Authority,
    pub folder: TempDir,
}

/// A connection to the service, open or not.
pub type Stream = StreamOwned<ClientConnection, TcpStream>;

impl Service {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// One with these variables.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let authority = Authority::new();
        let certificate = authority.certify(HERE);
        Self::showing(authority, &certificate, variables)
    }

    pub fn with_key(kind: KeyKind) -> Self {
        let authority = Authority::new();
        let certificate = authority.certify_with(HERE, kind);
        Self::showing(authority, &certificate, &[])
    }

    /// One that shows this certificate, from files of its own.
    pub fn showing(
        authority: Authority,
        certificate: &Certificate,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        put(certificate, folder.path());
        let builder = builder(folder.path());
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        Self {
            proctord: builder.start(),
            authority,
            folder,
        }
    }

    /// Has the service show this certificate from now on.
    pub fn replace(&self, certificate: &Certificate) {
        put(certificate, self.folder.path());
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.proctord.address())
    }

    /// A client that trusts the authority, and reads JSON.
    pub fn client(&self) -> reqwest::Client {
        client_that_trusts(&[&self.authority])
    }

    /// A connection that speaks one version, ready for its first byte.
    pub fn connect_by(&self, version: &'static SupportedProtocolVersion) -> Stream {
        self.connect_with(config(&self.authority, &[version]))
    }

    pub fn connect(&self) -> Stream {
        self.connect_with(config(&self.authority, rustls::ALL_VERSIONS))
    }

    pub fn connect_with(&self, config: ClientConfig) -> Stream {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(tls, self.connect_plainly())
    }

    /// A connection without TLS.
    pub fn connect_plainly(&self) -> TcpStream {
        let tcp = TcpStream::connect(self.proctord.address()).unwrap();
        tcp.set_read_timeout(Some(DEADLINE)).unwrap();
        tcp
    }
}

/// A proctord that reads its certificate from this folder.
pub fn builder(folder: &Path) -> ProctordBuilder {
    Proctord::at(&folder.join("data"))
        .env("PROCTOR_TLS_CERT_FILE", &text(&folder.join("cert.pem")))
        .env("PROCTOR_TLS_KEY_FILE", &text(&folder.join("key.pem")))
}

pub fn text(path: &Path) -> String {
    path.display().to_string()
}

pub fn client_that_trusts(authorities: &[&Authority]) -> reqwest::Client {
    let roots = authorities.iter().map(|authority| {
        let pem = fs::read(authority.path()).unwrap();
        reqwest::Certificate::from_pem(&pem).unwrap()
    });
    reqwest::Client::builder()
        .tls_certs_only(roots)
        // Each request is a handshake of its own.
        .pool_max_idle_per_host(0)
        .timeout(DEADLINE)
        .build()
        .unwrap()
}

pub fn config(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority.path()).unwrap())
        .unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Everything that comes until the connection ends, by a close or without one.
pub fn told(mut stream: impl Read) -> Vec<u8> {
    let mut answer = Vec::new();
    // What came before a connection was cut counts as well.
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// The answer to a request that asks for the connection's end.
pub fn ask(mut stream: impl Read + Write, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    String::from_utf8_lossy(&told(stream)).into_owned()
}

/// Each file is replaced as a whole, one after the other, as deployments do it.
fn put(certificate: &Certificate, folder: &Path) {
    for (from, to) in [
        (&certificate.chain, "cert.pem"),
        (&certificate.key, "key.pem"),
    ] {
        let new = folder.join("new.pem");
        fs::copy(from, &new).unwrap();
        fs::rename(&new, folder.join(to)).unwrap();
    }
}
