//! What is to be done about something that a runner holds, by what the store says of its execution. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::execution::Execution;
use crate::domain::lifecycle::State;
use crate::runner::{Held, HeldStage};

/// After the end of an execution its runner may need this long to see it as well.
const STRAGGLER_PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Leave,
    Discard,
    /// It runs and must not.
    Stop,
    /// Its execution was LOST before its end was seen.
    Learn,
    /// Nobody knows it, and it may have done something.
    Tell,
}

/// How long leftovers stay, and from when that is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeping {
    pub(super) keep: Duration,
    pub(super) now: Timestamp,
}

/// What is to be done about `held`.
pub(super) fn of(held: &Held, execution: Option<&Execution>, keeping: Keeping) -> Deed {
    match execution {
        None => of_stranger(held.stage),
        Some(execution) if execution.is_over() => of_what_is_over(held, execution, keeping),
        // What never ran and is not what was stored would never be let run.
        Some(execution) if held.stage == HeldStage::Prepared && is_another(held, execution) => {
            Deed::Discard
        }
        Some(_) => Deed::Leave,
    }
}

/// An execution is stored before anything is put in place for it: a stranger is somebody's whose row is gone, as
/// after a backup was put back.
fn of_stranger(stage: HeldStage) -> Deed {
    match stage {
        HeldStage::Prepared => Deed::Discard,
        HeldStage::Started | HeldStage::Ended => Deed::Tell,
        HeldStage::Unknown => Deed::Leave,
    }
}

fn of_what_is_over(held: &Held, execution: &Execution, keeping: Keeping) -> Deed {
    let age = keeping.now.duration_since(execution.updated_at);
    let keep = SignedDuration::try_from(keeping.keep).unwrap_or(SignedDuration::MAX);
    match held.stage {
        HeldStage::Prepared => Deed::Discard,
        HeldStage::Started if age >= STRAGGLER_PATIENCE => Deed::Stop,
        HeldStage::Started => Deed::Leave,
        HeldStage::Ended if may_end_late(held, execution) => Deed::Learn,
        // A folder's stage is not known; what was LOST on somebody's word, or with its host, may still come to an end.
        HeldStage::Unknown
            if may_end_late(held, execution) && (STRAGGLER_PATIENCE..keep).contains(&age) =>
        {
            Deed::Learn
        }
        HeldStage::Ended | HeldStage::Unknown if !execution.log_open && age >= keep => {
            Deed::Discard
        }
        HeldStage::Ended | HeldStage::Unknown => Deed::Leave,
    }
}

fn may_end_late(held: &Held, execution: &Execution) -> bool {
    matches!(execution.state, State::Lost(_))
        && execution.late_outcome.is_none()
        && !is_another(held, execution)
}

fn is_another(held: &Held, execution: &Execution) -> bool {
    execution.handle.is_some() && held.handle.is_some() && !held.is_called_as(execution)
}

#[cfg(test)]
mod tests;
