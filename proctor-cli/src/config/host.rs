//! Where proctord is: `host[:port]` or `http://host[:port]`.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::escape::visible;

/// proctord's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    base: Url,
    authority: String,
}

/// The text is no address of a proctord.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error(
        "`{0}` asks for https, which this version does not speak yet; use http:// or put a TLS proxy on this machine"
    )]
    Https(String),
    #[error("`{0}` must be of the form host[:port] or http://host[:port]")]
    Form(String),
}

impl Host {
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
        if lower.starts_with("https://") {
            return Err(HostError::Https(shown()));
        }
        let authority = match lower.strip_prefix("http://") {
            Some(rest) => &trimmed[trimmed.len() - rest.len()..],
            None => trimmed,
        };
        let authority = authority.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\', ' ']) {
            return Err(HostError::Form(shown()));
        }
        let base =
            Url::parse(&format!("http://{authority}/")).map_err(|_| HostError::Form(shown()))?;
        Ok(Self {
            base,
            authority: authority.to_owned(),
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority)
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
            "https://proctor",
            "proctor/path",
            "a b",
            "user@host",
            "host:port",
            "ftp://x",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
        let error = "https://proctor".parse::<Host>().unwrap_err().to_string();
        assert!(error.contains("https"), "{error}");
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
    }
}
