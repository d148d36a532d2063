//! How the service is reached.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use super::reader::Reader;
use super::tls;
use crate::domain::version::Version;
use crate::tls::TlsFiles;

const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(10_000).expect("10,000 is not zero");

/// How the service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Loopback, unless those who ask prove who they are, or may do everything.
    pub host: IpAddr,
    /// Whether everybody is let in, wherever they come from.
    pub allow_anonymous: bool,
    /// 0 takes a free one.
    pub port: u16,
    /// Names beside loopback under which the service may be addressed.
    pub allowed_hosts: Vec<String>,
    /// Clients that tell an older version are refused; absent, none is.
    pub min_client_version: Option<Version>,
    /// The certificate to show; absent, the service speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// How long the head of a request may take to arrive, and before it a TLS handshake.
    pub head_timeout: Duration,
    /// How long its body may take after that.
    pub body_timeout: Duration,
    /// The most connections at a time; more wait until one is closed.
    pub max_connections: NonZeroU32,
}

impl HttpConfig {
    /// `authenticates` is whether those who ask must prove who they are.
    pub(super) fn read(reader: &mut Reader, authenticates: bool) -> Self {
        let allow_anonymous = allow_anonymous(reader, authenticates);
        Self {
            host: host(reader, authenticates || allow_anonymous),
            allow_anonymous,
            port: reader.port("PROCTOR_APP_PORT", 5001),
            allowed_hosts: reader.list("PROCTOR_ALLOWED_HOSTS"),
            min_client_version: min_client_version(reader),
            tls: tls::read(reader),
            head_timeout: reader.duration("PROCTOR_HEAD_TIMEOUT", Duration::from_secs(10)),
            body_timeout: reader.duration("PROCTOR_BODY_TIMEOUT", Duration::from_secs(60)),
            max_connections: reader.count("PROCTOR_MAX_CONNECTIONS", MAX_CONNECTIONS),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.host, self.port))
    }
}

/// It opens no door that authentication keeps.
fn allow_anonymous(reader: &mut Reader, authenticates: bool) -> bool {
    const NAME: &str = "PROCTOR_ALLOW_ANONYMOUS";
    let wanted = reader.flag(NAME);
    if wanted && authenticates {
        let name = reader.name_of(NAME);
        reader.warn(format!(
            "{name} has no effect while authentication is on: nobody is let in who does not prove who they are"
        ));
    }
    wanted && !authenticates
}

/// While nobody is authenticated, whoever can connect can run procs: that must be wanted.
fn host(reader: &mut Reader, anywhere: bool) -> IpAddr {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let wanted = "an IP address such as 127.0.0.1, 0.0.0.0 or ::";
    let host = reader.parse("PROCTOR_APP_HOST", loopback, "127.0.0.1", wanted, |text| {
        text.parse().ok()
    });
    if !anywhere && !host.is_loopback() {
        let name = reader.name_of("PROCTOR_APP_HOST");
        reader.mistake(format!(
            "{name} must be a loopback address while authentication is off (PROCTOR_AUTH_ENABLED); \
             PROCTOR_ALLOW_ANONYMOUS=true serves {host} to everybody who can reach it"
        ));
    }
    host
}

fn min_client_version(reader: &mut Reader) -> Option<Version> {
    let wanted = "a version such as 2.0.8";
    reader.parse("PROCTOR_MIN_CLIENT_VERSION", None, "", wanted, |text| {
        text.parse().ok().map(Some)
    })
}
