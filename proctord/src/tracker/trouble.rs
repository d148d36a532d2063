//! What keeps an execution from being launched or stopped: once for the service's log with every cause, once for its
//! user in words that name no address and no account.

use crate::catalog::CatalogError;
use crate::runner::{LaunchError, RunnerError};
use crate::telemetry::chain;

use super::secrets::SecretsError;

const CATALOG: &str = "its secrets or files cannot be read yet";
const STORE: &str = "its secrets cannot be read yet";

/// Why something is tried again.
#[derive(Debug)]
pub(super) struct Trouble {
    /// With every cause.
    pub(super) cause: String,
    /// What the user is told.
    pub(super) words: String,
}

impl From<&'static str> for Trouble {
    fn from(words: &'static str) -> Self {
        Self {
            cause: words.to_owned(),
            words: words.to_owned(),
        }
    }
}

impl From<RunnerError> for Trouble {
    fn from(error: RunnerError) -> Self {
        Self {
            cause: chain(&error),
            words: error.in_public(),
        }
    }
}

impl From<LaunchError> for Trouble {
    fn from(error: LaunchError) -> Self {
        let words = match &error {
            LaunchError::Unavailable { source, .. } if source.is::<CatalogError>() => {
                CATALOG.to_owned()
            }
            error => error.in_public(),
        };
        Self {
            cause: chain(&error),
            words,
        }
    }
}

impl From<CatalogError> for Trouble {
    fn from(error: CatalogError) -> Self {
        Self {
            cause: chain(&error),
            words: CATALOG.to_owned(),
        }
    }
}

impl From<SecretsError> for Trouble {
    fn from(error: SecretsError) -> Self {
        let words = match &error {
            SecretsError::Store(_) => STORE,
            SecretsError::Catalog(_) => CATALOG,
        };
        Self {
            cause: chain(&error),
            words: words.to_owned(),
        }
    }
}
