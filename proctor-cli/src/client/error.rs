//! What can go wrong between here and proctord, told apart as people need it: the network, the
//! credentials, the request, the service. The Go client's texts where it had one.

use std::error::Error as StdError;

use proctor_api::Problem;

use crate::client::refusal::{detail, forbidden, lacks_route, problem, refusal};
use crate::config::Settings;
use crate::escape::visible;
use crate::tls;

/// A request failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(
        "Connection Timeout!!!\n{cause}\nPlease check your Internet/VPN connection for connectivity to ProctorD."
    )]
    Timeout { cause: String },
    #[error("Network Error!!!\n{cause}\n{advice}")]
    Network { cause: String, advice: String },
    /// Whoever is there is not, or not for sure, who is meant; to ask again changes nothing.
    #[error("Network Error!!!\n{cause}\n{advice}")]
    Tls { cause: String, advice: String },
    #[error(
        "Unauthorized Access!!!\nEMAIL_ID or ACCESS_TOKEN is not present in proctor config file.\nRun `proctor login` to log in."
    )]
    NoCredentials,
    #[error(
        "Unauthorized Access!!!\nPlease check the EMAIL_ID and ACCESS_TOKEN validity in proctor config file.{}\nRun `proctor login` to log in again.",
        detail(.0)
    )]
    BadCredentials(Box<Problem>),
    #[error("{}", forbidden(.0))]
    Forbidden(Box<Problem>),
    /// Any other answer that is an error; the problem's status says which.
    #[error("{}", refusal(.0))]
    Answer(Box<Problem>),
    #[error(
        "Server Error!!!\nThe answer of {host} cannot be understood: {cause}\nCheck that PROCTOR_HOST is a proctord."
    )]
    Unreadable { host: String, cause: String },
    #[error("`{}` can be no name", visible(.0))]
    Name(String),
}

impl ClientError {
    /// An error before any answer.
    #[must_use]
    pub fn unreachable(settings: &Settings, error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout {
                cause: chain(error),
            }
        } else {
            Self::network(settings, error)
        }
    }

    /// An error of the network below HTTP.
    #[must_use]
    pub fn network(settings: &Settings, error: &(dyn StdError + 'static)) -> Self {
        let cause = chain(error);
        if let Some(advice) = tls::advice(settings, error) {
            return Self::Tls { cause, advice };
        }
        let host = &settings.host;
        // The words of a server that was greeted in plain HTTP and answers in TLS.
        let advice = if !host.speaks_tls() && cause.contains("invalid HTTP version") {
            format!("If {host} speaks TLS, PROCTOR_HOST begins with https://.")
        } else {
            format!("Check that proctord runs at {host} and that PROCTOR_HOST is right.")
        };
        Self::Network { cause, advice }
    }

    /// What an answer with an error status means.
    #[must_use]
    pub fn of_answer(settings: &Settings, status: u16, body: &[u8]) -> Self {
        match status {
            401 if settings.token.expose().is_empty() => Self::NoCredentials,
            401 => Self::BadCredentials(Box::new(problem(status, body))),
            403 => Self::Forbidden(Box::new(problem(status, body))),
            _ => Self::Answer(Box::new(problem(status, body))),
        }
    }

    /// Whether the same request may get through a moment later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Network { .. } => true,
            Self::Answer(problem) => problem.status == 503,
            _ => false,
        }
    }

    /// The problem of a 404 that proctord itself answered.
    #[must_use]
    pub fn not_found(&self) -> Option<&Problem> {
        match self {
            Self::Answer(problem) => {
                let is_proctords = !problem.kind.is_empty() && !lacks_route(problem);
                Some(&**problem).filter(|_| problem.status == 404 && is_proctords)
            }
            _ => None,
        }
    }

    /// Whether a route is not there: whoever answered is no proctord, or one without that route.
    #[must_use]
    pub fn is_foreign_not_found(&self) -> bool {
        matches!(self, Self::Answer(problem) if problem.status == 404) && self.not_found().is_none()
    }

    /// What the service finds wrong with what was sent.
    #[must_use]
    pub fn mistakes(&self) -> Option<&Problem> {
        match self {
            Self::Answer(problem) if !problem.mistakes.is_empty() => Some(problem),
            _ => None,
        }
    }
}

/// An error with all its causes on one line.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some libraries repeat their source in their own text.
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    visible(&text).into_owned()
}
