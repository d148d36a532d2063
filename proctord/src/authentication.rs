//! Who somebody is: credentials are shown to the plugin, and what it says of them is believed for a short while. It
//! also has the plugin's word on what somebody may do, slows down whoever guesses, and counts the requests of each
//! user. What is allowed to whom is decided in `policy`; headers and status codes are not known here.

mod answers;
mod keys;
mod outages;
mod pace;
mod slowdown;
mod turns;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, TryFutureExt};
use proctor_plugin::{Authorisation, Credentials, Lookup, User};
use serde_json::json;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::error;

use crate::plugins::{Plugin, PluginError};
use crate::telemetry::chain;

use answers::Answers;
use keys::Keys;
use outages::Outages;
use pace::Pace;
use slowdown::Slowdown;
use turns::Turns;

/// The most bytes of an email address, as mail itself has it.
pub const EMAIL_LIMIT: usize = 254;

/// The most credentials at a time that are looked at for sources that have shown many wrong ones.
const GUESSERS_AT_A_TIME: usize = 2;
const AUTHENTICATE: &str = "authenticate";
const AUTHORISE: &str = "authorise";
const LOOKUP: &str = "lookup";
/// For how long is believed who somebody is that was looked up.
const LOOKUP_LIFETIME: Duration = Duration::from_mins(5);
/// A method that no plugin has: to be told so is a sign of life.
const SIGN_OF_LIFE: &str = "sign_of_life";

/// Tells those who ask apart.
pub struct Authentication {
    plugin: Plugin,
    keys: Keys,
    users: Answers<Proof>,
    /// Users by their addresses, without credentials.
    looked_up: Answers<Option<Arc<User>>>,
    /// What the plugin allows.
    rights: Answers<bool>,
    slowdown: Slowdown,
    outages: Outages,
    turns: Turns,
    /// For whoever guesses: the plugin's own turns are for the others.
    guessers: Arc<Semaphore>,
    pace: Option<Pace>,
}

/// What credentials prove.
#[derive(Debug, Clone)]
enum Proof {
    Nobody,
    SomebodyElse(Arc<User>),
    Is(Arc<User>),
}

/// Why nobody is known to be asking.
#[derive(Debug, Clone, Error)]
pub enum Unproven {
    #[error("the credentials prove nobody")]
    Nobody,
    #[error("the token is {}'s, not that of the address that came with it", .0.email)]
    SomebodyElse(Arc<User>),
    /// It is neither yes nor no.
    #[error(transparent)]
    Unanswered(#[from] Arc<PluginError>),
}

/// A user has made all requests of this minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many requests: try again in {} s", wait.as_secs_f64().ceil())]
pub struct TooMany {
    /// Until the next one is served.
    pub wait: Duration,
}

impl Authentication {
    /// Asks this plugin, and believes what it says for so long.
    #[must_use]
    pub fn by(plugin: Plugin, lifetime: Duration, requests_a_minute: Option<NonZeroU32>) -> Self {
        Self {
            plugin,
            keys: Keys::new(),
            users: Answers::new(lifetime, |proof| matches!(proof, Proof::Is(_))),
            looked_up: Answers::new(LOOKUP_LIFETIME.min(lifetime), Option::is_some),
            rights: Answers::new(lifetime, |allowed| *allowed),
            slowdown: Slowdown::default(),
            outages: Outages::default(),
            turns: Turns::default(),
            guessers: Arc::new(Semaphore::new(GUESSERS_AT_A_TIME)),
            pace: requests_a_minute.map(Pace::new),
        }
    }

    /// Who shows these. Many who show the same at once have the plugin asked once.
    ///
    /// # Errors
    /// They prove nobody, or somebody else than they claim, or it cannot be found out now.
    pub async fn authenticate(
        &self,
        credentials: Credentials,
        source: Option<IpAddr>,
    ) -> Result<Arc<User>, Unproven> {
        let key = self.keys.of_credentials(&credentials);
        let plugin = self.plugin.clone();
        let guesses = self.slowdown.is_slow(source, Instant::now());
        let guessers = guesses.then(|| Arc::clone(&self.guessers));
        let turns = self.turns.of(source);
        let ask = || {
            async move {
                let _turn = plugin.wait_for(&turns, AUTHENTICATE).await?;
                let _turn_of_guessers = match guessers {
                    Some(guessers) => Some(plugin.wait_for(&guessers, AUTHENTICATE).await?),
                    None => None,
                };
                ask(&plugin, &credentials).await
            }
            .map_err(Arc::new)
            .boxed()
        };
        match self.users.get(key, ask).await? {
            Proof::Nobody => Err(Unproven::Nobody),
            Proof::SomebodyElse(user) => Err(Unproven::SomebodyElse(user)),
            Proof::Is(user) => Ok(user),
        }
    }

    /// Tells the log that somebody could not be known, or is not allowed or forbidden anything, unless it was told just
    /// now.
    pub fn note_outage(&self, failure: &PluginError) {
        if let Some(untold) = self.outages.note(Instant::now()) {
            error!(
                error = chain(failure),
                untold, "nobody can be known or allowed anything"
            );
        }
    }

    /// Whether the plugin tells of somebody who does not ask.
    #[must_use]
    pub fn looks_up(&self) -> bool {
        self.plugin.has(LOOKUP)
    }

    /// Who has this address; nobody, if the plugin knows none. It is for plugins that tell of somebody who does not ask.
    ///
    /// # Errors
    /// It cannot be found out now.
    pub async fn look_up(&self, email: &str) -> Result<Option<Arc<User>>, Arc<PluginError>> {
        let key = self.keys.of_address(email);
        let plugin = self.plugin.clone();
        let asked = Lookup {
            email: email.to_owned(),
        };
        let ask = || {
            async move {
                let user: Option<User> = plugin.call(LOOKUP, &asked).await?;
                // Whose schedule it is, is told by the address.
                let user = user.filter(|user| same_address(&user.email, &asked.email));
                Ok(user.map(Arc::new))
            }
            .map_err(Arc::new)
            .boxed()
        };
        self.looked_up.get(key, ask).await
    }

    /// Whether the plugin lets somebody do what takes these groups; one that is not asked has nothing against it.
    ///
    /// # Errors
    /// It cannot be found out now.
    pub async fn authorises(
        &self,
        user: &Arc<User>,
        needed: &[String],
        action: &'static str,
    ) -> Result<bool, Arc<PluginError>> {
        if !self.plugin.has(AUTHORISE) {
            return Ok(true);
        }
        let key = self.keys.of_right(user, needed, action);
        let (plugin, user) = (self.plugin.clone(), Arc::clone(user));
        let required_groups = needed.to_vec();
        let ask = || {
            async move {
                let asked = Authorisation {
                    user: User::clone(&user),
                    required_groups,
                    action: action.to_owned(),
                };
                plugin.call(AUTHORISE, &asked).await.map_err(Arc::new)
            }
            .boxed()
        };
        self.rights.get(key, ask).await
    }

    /// Lets somebody wait who has shown wrong credentials, if many came from there lately.
    pub async fn slow_down(&self, source: Option<IpAddr>) {
        let pause = self.slowdown.after_failure(source, Instant::now());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Counts a request of somebody.
    ///
    /// # Errors
    /// It is one too many.
    pub fn count(&self, user: &User) -> Result<(), TooMany> {
        match &self.pace {
            Some(pace) => pace.count(&user.email, Instant::now()),
            None => Ok(()),
        }
    }

    /// Whether the plugin is there.
    ///
    /// # Errors
    /// It is not.
    pub async fn look(&self) -> Result<(), PluginError> {
        let nothing = json!({});
        let answer = self
            .plugin
            .call::<_, serde_json::Value>(SIGN_OF_LIFE, &nothing);
        match answer.await {
            Ok(_) | Err(PluginError::Failed { .. } | PluginError::Garbled { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

async fn ask(plugin: &Plugin, credentials: &Credentials) -> Result<Proof, PluginError> {
    let user: Option<User> = plugin.call(AUTHENTICATE, credentials).await?;
    let Some(user) = user else {
        return Ok(Proof::Nobody);
    };
    // What they do is stored under their address: one without would be anybody.
    if !is_address(&user.email) {
        return Err(PluginError::Failed {
            plugin: plugin.name().to_owned(),
            method: AUTHENTICATE,
            message: format!(
                "it says that somebody's address is {:?}",
                user.email.chars().take(EMAIL_LIMIT).collect::<String>()
            ),
        });
    }
    let user = Arc::new(user);
    Ok(match &credentials.email {
        Some(claimed) if !same_address(claimed, &user.email) => Proof::SomebodyElse(user),
        _ => Proof::Is(user),
    })
}

fn is_address(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= EMAIL_LIMIT && !text.chars().any(char::is_control)
}

fn same_address(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
