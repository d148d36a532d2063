//! Why a try to deliver something failed, and whether another one may help.

use std::time::Duration;

use thiserror::Error;

use crate::domain::callback::TargetError;
use crate::plugins::PluginError;
use crate::store::StoreError;

/// Why something was not delivered.
#[derive(Debug, Error)]
pub enum DeliveryError {
    #[error("the callback {0}")]
    Target(#[from] TargetError),
    #[error("the receiver cannot be asked")]
    Unreachable(#[source] reqwest::Error),
    /// The text is the beginning of what it said.
    #[error("the receiver answered {status}{}{text}", if text.is_empty() { "" } else { ": " })]
    Answered { status: u16, text: String },
    #[error("no plugin {0} is configured here")]
    NoPlugin(String),
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error("no mail server is configured here")]
    NoMailServer,
    #[error("the mail server did not {doing}")]
    MailServer {
        doing: &'static str,
        #[source]
        source: lettre::transport::smtp::Error,
    },
    #[error("the mail server refuses it for good: {0}")]
    Refused(String),
    /// Tried again, the mail would come each time if the server took it.
    #[error("the mail server's answer is not UTF-8, so nobody knows whether it took the mail")]
    Unreadable(#[source] lettre::transport::smtp::Error),
    #[error("the mail cannot be written: {0}")]
    Mail(String),
    #[error("it did not come through within {0:?}")]
    TimedOut(Duration),
    #[error("what was to be delivered cannot be read")]
    Payload(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeliveryError {
    /// Whether it is of no use to try again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Target(_)
                | Self::Refused(_)
                | Self::Unreadable(_)
                | Self::Mail(_)
                | Self::Payload(_)
        )
    }
}
