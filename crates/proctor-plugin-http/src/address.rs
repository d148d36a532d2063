//! Where a request goes. Only the origin is ever shown: a path may be a secret, as that of a Slack webhook is.

use std::fmt;

use proctor_plugin::Failure;
use ureq::http::Uri;

/// An address that begins with `https://`, or with `http://` where that is wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
}

impl Address {
    /// Reads one; the failure does not repeat the text, so put the name of the setting before it.
    ///
    /// # Errors
    /// It is no address of HTTP.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let uri: Uri = text.parse().map_err(|_| Failure::new("is no URL"))?;
        let is_known = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map(|authority| authority.as_str());
        match authority {
            Some(authority) if authority.contains('@') => {
                Err(Failure::new("must not have a name or password in it"))
            }
            Some(_) if is_known => Ok(Self { uri }),
            _ => Err(Failure::new(
                "is no URL that begins with https:// or http://",
            )),
        }
    }

    /// Whether what goes there is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Itself, if what goes there is encrypted, or need not be.
    ///
    /// # Errors
    /// It is not; names the variable that would allow it.
    pub fn encrypted_unless(self, allowed: bool, variable: &str) -> Result<Self, Failure> {
        if self.is_encrypted() || allowed {
            return Ok(self);
        }
        Err(Failure::new(format!(
            "does not begin with https://; {variable}=true would allow that"
        )))
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self.uri.authority().map_or("", |part| part.as_str());
        write!(formatter, "{scheme}://{authority}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_of_http_are_taken_and_shown_without_their_paths() {
        for (text, shown) in [
            (
                "https://example.org/T0/B0/secret?x=y",
                "https://example.org",
            ),
            ("http://127.0.0.1:8080/keys", "http://127.0.0.1:8080"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
        }
    }

    #[test]
    fn other_texts_are_refused_without_being_repeated() {
        for text in [
            "",
            "example.org",
            "/keys",
            "ftp://example.org",
            "https://",
            "https://ada:hush@example.org",
            "https://exa mple.org",
        ] {
            let failure = Address::parse(text).unwrap_err().to_string();
            assert!(!failure.contains("example"), "{failure}");
        }
    }

    #[test]
    fn what_is_not_encrypted_must_be_allowed() {
        let plain = || Address::parse("http://example.org").unwrap();
        let encrypted = Address::parse("https://example.org").unwrap();

        assert!(encrypted.encrypted_unless(false, "ALLOW").is_ok());
        assert!(plain().encrypted_unless(true, "ALLOW").is_ok());
        let failure = plain().encrypted_unless(false, "ALLOW").unwrap_err();
        assert!(failure.to_string().contains("ALLOW=true"), "{failure}");
    }
}
