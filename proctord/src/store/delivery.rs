//! The deliveries that an execution's end causes, as every store writes them; they are sent by others.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::StoreError;
use crate::domain::execution::Execution;

/// How long a delivery waits for the end of the log before it goes without.
const LOG_PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// A callback on its way out.
pub(super) struct Callback<'e> {
    pub id: String,
    pub target: &'e str,
    /// JSON.
    pub payload: String,
    pub next_at: Timestamp,
}

impl<'e> Callback<'e> {
    /// What the end of an execution causes, if anything.
    pub(super) fn of(execution: &'e Execution, at: Timestamp) -> Result<Option<Self>, StoreError> {
        let Some(target) = &execution.callback_url else {
            return Ok(None);
        };
        let payload = serde_json::to_string(&execution.to_api()).map_err(|error| {
            StoreError::Unavailable {
                doing: "put a delivery in words",
                source: Box::new(error),
            }
        })?;
        let next_at = if execution.log_open {
            at.saturating_add(LOG_PATIENCE).unwrap_or(at)
        } else {
            at
        };
        Ok(Some(Self {
            id: Uuid::new_v4().to_string(),
            target,
            payload,
            next_at,
        }))
    }
}
