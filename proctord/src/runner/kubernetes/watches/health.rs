//! How the watches are: a failing one is told with its reason, and since when.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use thiserror::Error;
use tracing::{info, warn};

/// How both watches are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub jobs: WatchHealth,
    pub pods: WatchHealth,
}

/// How one watch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchHealth {
    /// It has not been told yet what there is.
    Listing,
    Watching,
    /// It is tried again and again; what was seen before stands.
    Failing {
        since: Timestamp,
        error: String,
    },
}

/// What happens on the cluster is not seen.
#[derive(Debug, Error)]
#[error("the watch of {what} fails since {since}: {error}")]
pub struct WatchFailure {
    what: &'static str,
    since: Timestamp,
    error: String,
}

impl Health {
    /// What fails.
    ///
    /// # Errors
    /// The first watch that does.
    pub fn check(&self) -> Result<(), WatchFailure> {
        for (what, health) in [("jobs", &self.jobs), ("pods", &self.pods)] {
            if let WatchHealth::Failing { since, error } = health {
                return Err(WatchFailure {
                    what,
                    since: *since,
                    error: error.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The health of one watch, which tells its changes to the service's log.
#[derive(Debug)]
pub(super) struct Pulse {
    what: &'static str,
    health: Mutex<WatchHealth>,
}

impl Pulse {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            health: Mutex::new(WatchHealth::Listing),
        }
    }

    pub(super) fn read(&self) -> WatchHealth {
        self.locked().clone()
    }

    pub(super) fn well(&self) {
        let before = std::mem::replace(&mut *self.locked(), WatchHealth::Watching);
        if let WatchHealth::Failing { since, .. } = before {
            info!(watch = self.what, %since, "a watch of the cluster works again");
        }
    }

    /// Returns since when it fails.
    pub(super) fn failed(&self, error: String) -> Timestamp {
        let mut health = self.locked();
        let since = match &*health {
            WatchHealth::Failing { since, .. } => *since,
            WatchHealth::Listing | WatchHealth::Watching => {
                warn!(watch = self.what, error, "a watch of the cluster fails");
                Timestamp::now()
            }
        };
        *health = WatchHealth::Failing { since, error };
        since
    }

    fn locked(&self) -> MutexGuard<'_, WatchHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
