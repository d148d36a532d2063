//! What the owner of a schedule may do while nobody is asking: by the plugin's word where it tells of somebody who does
//! not ask, otherwise by the groups that the owner had at the last request. Those are noted here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proctor_plugin::User;
use thiserror::Error;
use tokio::time::Instant;
use tracing::warn;

use crate::authentication::Authentication;
use crate::domain::schedule::Held;
use crate::plugins::PluginError;
use crate::policy::{Action, Asker, Policy};
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// For how long is believed what somebody was at the last request.
const TRUSTED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What has not changed is noted no more often.
const BETWEEN_NOTES: Duration = Duration::from_hours(1);
/// The most users that are remembered as noted; then all are noted again.
const LIMIT: usize = 10_000;
/// How often what was seen is stored.
const BETWEEN_STORES: Duration = Duration::from_secs(1);

/// Whether somebody may have an execution of a proc.
pub(super) enum Right {
    Given,
    /// In words, why not.
    Refused(String),
    /// Nobody knows any more.
    Unknown(Held),
}

/// It cannot be found out now.
#[derive(Debug, Error)]
pub(super) enum OwnerError {
    #[error("the plugin for authentication gave no answer")]
    Plugin(#[from] Arc<PluginError>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) struct Owners {
    store: Arc<dyn Store>,
    authentication: Option<Arc<Authentication>>,
    policy: Policy,
}

impl Owners {
    pub(super) fn new(
        store: Arc<dyn Store>,
        authentication: Option<Arc<Authentication>>,
        policy: Policy,
    ) -> Self {
        Self {
            store,
            authentication,
            policy,
        }
    }

    /// Whether an owner may have an execution of a proc with these groups, at this time of the store.
    pub(super) async fn right(
        &self,
        owner: &str,
        groups: &[String],
        now: Timestamp,
    ) -> Result<Right, OwnerError> {
        let Some(authentication) = &self.authentication else {
            return Ok(Right::Given);
        };
        let user = if authentication.looks_up() {
            match authentication.look_up(owner).await? {
                Some(user) => user,
                None => return Ok(Right::Refused(format!("nobody is called {owner} any more"))),
            }
        } else {
            match self.store.seen_user(owner).await? {
                Some(seen) if now.duration_since(seen.seen_at) <= TRUSTED => Arc::new(User {
                    email: seen.email,
                    name: String::new(),
                    active: true,
                    groups: seen.groups,
                }),
                _ => {
                    return Ok(Right::Unknown(Held::ByOwner(format!(
                        "held: {owner} has not been here for 90 days, so nobody knows what they may do; \
                     any request of theirs lets it go on"
                    ))));
                }
            }
        };
        let action = Action::CreateExecution;
        let needed = self.policy.needed(action, groups);
        let asker = Asker::proven(Arc::clone(&user));
        let is_permitted = self.policy.permits(&asker, action, groups)
            && authentication
                .authorises(&user, needed, action.as_str())
                .await?;
        if is_permitted {
            return Ok(Right::Given);
        }
        let needed = needed.join(", ");
        Ok(Right::Refused(format!(
            "the owner of the schedule, {owner}, may not run it: it takes the groups {needed}"
        )))
    }
}

/// What users were seen to be, on its way to the store.
#[derive(Default)]
pub struct SeenUsers {
    seen: Mutex<HashMap<String, Seen>>,
}

struct Seen {
    groups: Vec<String>,
    at: Instant,
    is_stored: bool,
}

impl SeenUsers {
    /// Notes what somebody is who asks for something.
    pub fn note(&self, user: &User) {
        let mut seen = self.lock();
        let is_known = seen.get(&user.email).is_some_and(|seen| {
            seen.groups == user.groups && (!seen.is_stored || seen.at.elapsed() < BETWEEN_NOTES)
        });
        if is_known {
            return;
        }
        if seen.len() >= LIMIT {
            seen.retain(|_, seen| !seen.is_stored);
        }
        let news = Seen {
            groups: user.groups.clone(),
            at: Instant::now(),
            is_stored: false,
        };
        seen.insert(user.email.clone(), news);
    }

    /// Stores what was noted, for ever.
    pub async fn run(&self, store: &dyn Store) {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(BETWEEN_STORES).await;
            match self.flush(store).await {
                Ok(()) => is_failing = false,
                Err(error) if is_failing => {
                    tracing::debug!(error = chain(&error), "what users are is not stored yet");
                }
                Err(error) => {
                    warn!(error = chain(&error), "what users are is not stored");
                    is_failing = true;
                }
            }
        }
    }

    async fn flush(&self, store: &dyn Store) -> Result<(), StoreError> {
        let news: Vec<_> = {
            let seen = self.lock();
            let news = seen.iter().filter(|(_, seen)| !seen.is_stored);
            news.map(|(email, seen)| (email.clone(), seen.groups.clone()))
                .collect()
        };
        if news.is_empty() {
            return Ok(());
        }
        store.note_users(&news).await?;
        let mut seen = self.lock();
        for (email, groups) in news {
            if let Some(seen) = seen.get_mut(&email).filter(|seen| seen.groups == groups) {
                seen.is_stored = true;
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
