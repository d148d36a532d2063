//! Where proctord is: `host[:port]`, the same after `http://`, or after `https://`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::escape::visible;

/// proctord's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    base: Url,
    /// As people write it: with its scheme only if that is https.
    shown: String,
}

/// The text is no address of a proctord.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("`{0}` must be of the form host[:port], http://host[:port] or https://host[:port]")]
    Form(String),
}

impl Host {
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether what is sent there can be read by others on the way.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        !self.speaks_tls() && !is_here
    }

    /// The address of a route; each segment is escaped as needed.
    #[must_use]
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("an http address has a path")
            .clear()
            .extend(segments);
        url
    }

    /// The address of a websocket route with its query.
    #[must_use]
    pub fn websocket_url(&self, segments: &[&str], query: &str) -> String {
        let mut url = self.url(segments);
        url.set_query(Some(query));
        let rest = url.as_str().strip_prefix("http").unwrap_or_default();
        format!("ws{rest}")
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let shown = || visible(trimmed).into_owned();
        let lower = trimmed.to_ascii_lowercase();
        let (scheme, rest) = match lower.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            _ => ("http", lower.as_str()),
        };
        let authority = &trimmed[trimmed.len() - rest.len()..];
        let authority = authority.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\', ' ']) {
            return Err(HostError::Form(shown()));
        }
        let base = Url::parse(&format!("{scheme}://{authority}/"))
            .map_err(|_| HostError::Form(shown()))?;
        Ok(Self {
            base,
            shown: match scheme {
                "https" => format!("https://{authority}"),
                _ => authority.to_owned(),
            },
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn an_address_is_a_host_with_or_without_scheme_and_port() {
        for (text, url) in [
            ("proctor", "http://proctor/metadata"),
            ("proctor:5001", "http://proctor:5001/metadata"),
            ("http://proctor:5001/", "http://proctor:5001/metadata"),
            ("HTTP://proctor", "http://proctor/metadata"),
            ("https://proctor", "https://proctor/metadata"),
            ("HTTPS://proctor:5001/", "https://proctor:5001/metadata"),
            ("[::1]:5001", "http://[::1]:5001/metadata"),
        ] {
            let host: Host = text.parse().unwrap();
            assert_eq!(host.url(&["metadata"]).as_str(), url);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "https://",
            "https://proctor/path",
            "proctor/path",
            "a b",
            "user@host",
            "host:port",
            "ftp://x",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_tls_and_this_machine_keep_what_is_sent_from_others() {
        for text in ["https://proctor", "localhost:5001", "127.0.0.2", "[::1]"] {
            assert!(!text.parse::<Host>().unwrap().is_in_the_clear(), "{text}");
        }
        for text in [
            "proctor",
            "http://10.0.0.1",
            "localhost.example",
            "[2001:db8::1]:80",
        ] {
            assert!(text.parse::<Host>().unwrap().is_in_the_clear(), "{text}");
        }
    }

    #[test]
    fn a_name_in_a_route_cannot_leave_its_segment() {
        let host: Host = "h".parse().unwrap();
        assert_eq!(
            host.url(&["metadata", "a/b?c"]).as_str(),
            "http://h/metadata/a%2Fb%3Fc"
        );
        assert_eq!(
            host.websocket_url(&["execution", "logs"], "context_id=1"),
            "ws://h/execution/logs?context_id=1"
        );
        let host: Host = "https://h".parse().unwrap();
        assert_eq!(
            host.websocket_url(&["execution", "logs"], "context_id=1"),
            "wss://h/execution/logs?context_id=1"
        );
    }
}
