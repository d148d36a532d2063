//! What each setting may be, wherever it comes from.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::config::ConfigError;
use crate::config::host::{Host, HostError};
use crate::escape::visible;

/// A token, which no output ever shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Checks a value before it is written to the file.
pub fn check(key: &str, value: &str) -> Result<(), ConfigError> {
    match key {
        "PROCTOR_HOST" => value
            .parse::<Host>()
            .map(|_| ())
            .map_err(|error| host_mistake(&error)),
        // It is read from wherever `proctor` runs later.
        "PROCTOR_CACERT" if Path::new(value).is_relative() => Err(ConfigError::Value {
            key: key.to_owned(),
            problem: format!(
                "must be a path that begins with /, not `{}`",
                visible(value)
            ),
        }),
        "PROCTOR_CACERT" => Ok(()),
        "EMAIL_ID" | "ACCESS_TOKEN" => header_value(key, Some(value.to_owned())).map(|_| ()),
        _ => seconds(key, Some(value.to_owned()), 0).map(|_| ()),
    }
}

/// An address that cannot be meant.
pub fn host_mistake(error: &HostError) -> ConfigError {
    ConfigError::Value {
        key: "PROCTOR_HOST".to_owned(),
        problem: error.to_string(),
    }
}

/// Email and token travel as header values, which take no control characters. The value is not repeated.
pub fn header_value(key: &str, value: Option<String>) -> Result<String, ConfigError> {
    let value = value.unwrap_or_default();
    if value
        .chars()
        .all(|character| matches!(character, ' '..='~'))
    {
        Ok(value)
    } else {
        Err(ConfigError::Value {
            key: key.to_owned(),
            problem: "has characters that a header cannot carry".to_owned(),
        })
    }
}

/// A number of seconds, or the default where nothing is said.
pub fn seconds(key: &str, value: Option<String>, default: u64) -> Result<Duration, ConfigError> {
    let Some(text) = value else {
        return Ok(Duration::from_secs(default));
    };
    text.trim()
        .parse::<u32>()
        .map(|seconds| Duration::from_secs(seconds.into()))
        .map_err(|_| ConfigError::Value {
            key: key.to_owned(),
            problem: format!("must be a whole number, not `{}`", visible(&text)),
        })
}
