//! Where callbacks may go: which URLs are taken, and which hosts the installation allows. What a host's name leads to is
//! judged in `address`; nothing here asks a network.

pub mod address;

use core::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// The longest URL that is taken.
pub const URL_LIMIT: usize = 2048;

/// Why a callback does not go to a URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    #[error("must be an http or https URL of at most {URL_LIMIT} ASCII characters, with a host")]
    NoUrl,
    #[error("must not have a user or a password in it")]
    Credentials,
    #[error("goes to {0}, which is none of the hosts that PROCTOR_CALLBACK_ALLOW names")]
    NotAllowed(String),
    #[error(
        "goes to {0}, an address of the inner network: PROCTOR_CALLBACK_ALLOW must name that host itself"
    )]
    Inner(String),
}

/// A URL that a callback may go to as far as its text tells.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Url, TargetError> {
    let is_plain = text.len() <= URL_LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = text.parse::<Url>().ok().filter(|_| is_plain);
    let url = url.ok_or(TargetError::NoUrl)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(TargetError::NoUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetError::Credentials);
    }
    Ok(url)
}

/// Which callbacks wait for each other: those to one host and port.
#[must_use]
pub fn lane(target: &str) -> String {
    let url = target.parse::<Url>().ok();
    let host = url.as_ref().and_then(Url::host_str);
    let port = url.as_ref().and_then(Url::port_or_known_default);
    match (host, port) {
        (Some(host), Some(port)) => format!("callback {host}:{port}"),
        _ => "callback".to_owned(),
    }
}

/// The hosts that callbacks may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts {
    hosts: Vec<AllowedHost>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AllowedHost {
    pattern: Pattern,
    /// Absent, any port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// A name or an address, as it stands in a URL.
    Exactly(String),
    /// What is below a domain, with the dot before it.
    Below(String),
    Any,
}

/// What is no item of a list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no host, host:port, *.domain or *")]
pub struct NoHost(String);

impl FromStr for AllowedHosts {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        let hosts = items.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { hosts })
    }
}

impl FromStr for AllowedHost {
    type Err = NoHost;

    fn from_str(item: &str) -> Result<Self, NoHost> {
        let wrong = || NoHost(item.to_owned());
        let (host, port) = match item.rsplit_once(':') {
            // What ends with a bracket is an IPv6 address without a port.
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (item, None),
        };
        let pattern = if host == "*" {
            Pattern::Any
        } else if let Some(domain) = host.strip_prefix("*.") {
            Pattern::Below(format!(".{}", known(domain).ok_or_else(wrong)?))
        } else {
            Pattern::Exactly(known(host).ok_or_else(wrong)?)
        };
        Ok(Self { pattern, port })
    }
}

/// A host as URLs have it.
fn known(host: &str) -> Option<String> {
    Host::parse(host).ok().map(|host| host.to_string())
}

impl AllowedHosts {
    /// Whether no callback may go anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The URL, if a callback may go there as far as can be told without asking what its host's name leads to.
    ///
    /// # Errors
    /// Why it may not.
    pub fn admit(&self, text: &str) -> Result<Url, TargetError> {
        let url = parse(text)?;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(TargetError::NoUrl);
        };
        let shown = host.to_string();
        if !self.covers(&shown, port) {
            return Err(TargetError::NotAllowed(format!("{shown}:{port}")));
        }
        let literal = match host {
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
            Host::Domain(_) => None,
        };
        match literal {
            Some(ip) if !self.admits_address(&shown, Some(port), ip) => {
                Err(TargetError::Inner(shown))
            }
            _ => Ok(url),
        }
    }

    /// What is said of a host itself stands over what is said of many.
    fn covers(&self, host: &str, port: u16) -> bool {
        let is_itself = |allowed: &&AllowedHost| matches!(&allowed.pattern, Pattern::Exactly(name) if name == host);
        let fits = |allowed: &AllowedHost| allowed.covers(host, Some(port));
        let mut named = self.hosts.iter().filter(is_itself).peekable();
        if named.peek().is_some() {
            return named.any(fits);
        }
        self.hosts.iter().any(fits)
    }

    /// Whether a host may lead to this address: to one of the inner network only if it is named itself. Without a port,
    /// whatever port it is named with.
    #[must_use]
    pub fn admits_address(&self, host: &str, port: Option<u16>, address: IpAddr) -> bool {
        let names_it = |allowed: &AllowedHost| {
            matches!(allowed.pattern, Pattern::Exactly(_)) && allowed.covers(host, port)
        };
        !address::is_inner(address) || self.hosts.iter().any(names_it)
    }
}

impl AllowedHost {
    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let has_port = self.port.is_none() || port.is_none() || self.port == port;
        has_port
            && match &self.pattern {
                Pattern::Exactly(name) => name == host,
                Pattern::Below(domain) => host.ends_with(domain.as_str()),
                Pattern::Any => true,
            }
    }
}

#[cfg(test)]
mod tests;
