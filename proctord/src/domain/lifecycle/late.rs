//! The end of an execution that is seen only after the execution was LOST: what it would have come to. The outcome
//! stays what it is, and this is kept beside it.

use jiff::Timestamp;
use proctor_api::Status;

use super::{Cause, End, Exit, State, StopIntent, outcome};

/// How an execution ended after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateOutcome {
    /// What it would have become, had this been seen in time.
    pub status: Status,
    pub exit: Option<Exit>,
    /// In words; `None` where the exit says it all.
    pub reason: Option<String>,
    /// When it ended.
    pub at: Timestamp,
}

impl LateOutcome {
    /// What an end comes to. `stop` is the wish to stop that is stored with the execution, if one is; without one it
    /// was Proctor that stopped what it found running.
    #[must_use]
    pub fn of(mut end: End, stop: Option<&StopIntent>) -> Self {
        let unwished = stop.is_none() && end.cause == Cause::Stopped;
        if unwished {
            let reason = || "stopped, since it was taken for lost".to_owned();
            end.ending.reason.get_or_insert_with(reason);
        }
        let at = end.ending.finished_at;
        let state = match outcome(end, None, stop) {
            State::Failed(ending) if unwished => State::Stopped(ending),
            state => state,
        };
        Self {
            status: state.status(),
            exit: state.ending().and_then(|ending| ending.exit),
            reason: state.reason().map(ToOwned::to_owned),
            at,
        }
    }
}
