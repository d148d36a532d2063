//! Plugins that say who somebody is, and what for.

use serde::{Deserialize, Serialize};

use crate::Failure;

/// What a request brings along to say who sends it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Whom the request claims to come from (`Email-Id`). Nothing is proven by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `Access-Token`, or what stands behind `Bearer` in `Authorization`.
    pub token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token must not find its way into a log.
        let mut shown = formatter.debug_struct("Credentials");
        shown.field("email", &self.email).finish_non_exhaustive()
    }
}

/// Somebody, as the plugin knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub email: String,
    #[serde(default)]
    pub name: String,
    /// Whether they may do anything at all.
    pub active: bool,
    #[serde(default)]
    pub groups: Vec<String>,
}

impl User {
    /// Whether they are active and in ALL of the groups.
    #[must_use]
    pub fn is_in_all(&self, groups: &[String]) -> bool {
        self.active && groups.iter().all(|group| self.groups.contains(group))
    }
}

/// A question whether somebody may do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    pub user: User,
    /// All that the action asks for.
    pub required_groups: Vec<String>,
    /// What is to be done, as docs/PLUGINS.md lists it.
    pub action: String,
}

/// The request of `lookup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    pub email: String,
}

/// A plugin that says who somebody is.
pub trait Auth: Send + Sync + Sized + 'static {
    /// Whether `lookup` is offered.
    const LOOKS_UP: bool = false;

    /// Makes the plugin from its own environment variables.
    ///
    /// # Errors
    /// What it needs is missing or wrong: the service does not start.
    fn create() -> Result<Self, Failure>;

    /// Who sends these; `None` if they prove nobody.
    ///
    /// # Errors
    /// It cannot be found out now.
    fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure>;

    /// Whether somebody may do something.
    ///
    /// # Errors
    /// It cannot be found out now; the answer is no then.
    fn authorise(&self, asked: &Authorisation) -> Result<bool, Failure> {
        Ok(asked.user.is_in_all(&asked.required_groups))
    }

    /// Somebody by their address, without credentials: the groups that the owner of a schedule has now.
    ///
    /// # Errors
    /// It cannot be found out now.
    fn lookup(&self, email: &str) -> Result<Option<User>, Failure> {
        let _ = email;
        Err(Failure::new("this plugin does not look up users"))
    }
}
