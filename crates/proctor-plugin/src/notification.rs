//! Plugins that tell others what has happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The same whenever the event is sent again, so that repeats can be told.
    pub id: String,
    /// `EXECUTION_EVENT`, as in version 2, or `SCHEDULE_EVENT`.
    #[serde(rename = "type")]
    pub kind: String,
    pub event: EventKind,
    pub user: Recipient,
    /// By version 2's names (`ExecutionID`, `JobName`, `ImageTag`, `Args`, `Status`), and more.
    pub content: BTreeMap<String, String>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Created,
    Started,
    Finished,
    Stopped,
    ScheduleHeld,
}

/// Whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub email: String,
}

/// A plugin that tells others what has happened.
pub trait Notification: Send + Sync + Sized + 'static {
    /// Makes the plugin from its own environment variables.
    ///
    /// # Errors
    /// What it needs is missing or wrong: the service does not start.
    fn create() -> Result<Self, Failure>;

    /// Tells of it.
    ///
    /// # Errors
    /// It did not come through: the service tries again later, with the same id.
    fn notify(&self, event: &Event) -> Result<(), Failure>;
}
