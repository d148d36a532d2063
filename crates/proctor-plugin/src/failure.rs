//! Why a plugin could not do what it was asked.

use std::error::Error;
use std::fmt;

/// Why a plugin could not do what it was asked. It is no answer: of wrong credentials `authenticate` says so by
/// returning nobody. The text goes to the service's log and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
}

impl Failure {
    /// A failure with its reason, in words for whoever runs the service.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl<E: Error> From<E> for Failure {
    /// The error with all of its causes.
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self { message }
    }
}
