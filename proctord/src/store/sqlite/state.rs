//! The columns that hold where an execution stands, and the way from and to the domain's state.

use jiff::Timestamp;
use proctor_api::Status;

use super::row::Columns;
use super::time::{micros, truncated};
use crate::domain::lifecycle::{Ending, Exit, Legacy, State};
use crate::store::StoreError;

/// A state as its columns.
pub(super) struct StateColumns {
    pub status: &'static str,
    pub reason: Option<String>,
    pub exit_code: Option<i32>,
    pub exit_signal: Option<i32>,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub v2_id: Option<i64>,
}

impl StateColumns {
    /// The columns of a state.
    pub(super) fn of(state: &State) -> Self {
        let ending = state.ending();
        let exit = ending.and_then(|ending| ending.exit);
        let stored = |moment: Timestamp| micros(truncated(moment));
        Self {
            status: state.status().as_str(),
            reason: state.reason().map(ToOwned::to_owned),
            exit_code: exit.and_then(Exit::code),
            exit_signal: exit.and_then(Exit::signal),
            started_at: state.started_at().map(stored),
            finished_at: ending.map(|ending| stored(ending.finished_at)),
            v2_id: state.legacy().map(|legacy| legacy.v2_id.cast_signed()),
        }
    }
}

/// The state that the columns hold.
pub(super) fn read(columns: &Columns<'_>) -> Result<State, StoreError> {
    let status = columns.parse("status")?;
    if let Some(v2_id) = columns.get::<Option<i64>>("v2_id")? {
        return Ok(State::Legacy(Legacy {
            v2_id: v2_id.cast_unsigned(),
            status,
            reason: columns.get("reason")?,
        }));
    }
    Ok(match status {
        Status::Received => State::Received,
        Status::RequirementNotMet => State::RequirementNotMet {
            reason: reason(columns)?,
        },
        Status::Queued => State::Queued,
        Status::Created => State::Created,
        Status::CreationFailed => State::CreationFailed {
            reason: reason(columns)?,
        },
        Status::Running => State::Running {
            started_at: columns.moment("started_at")?,
        },
        Status::Succeeded => State::Succeeded(ending(columns)?),
        Status::Failed => State::Failed(ending(columns)?),
        Status::TimedOut => State::TimedOut(ending(columns)?),
        Status::Stopped => State::Stopped(ending(columns)?),
        Status::Lost => State::Lost(ending(columns)?),
        Status::Finished
        | Status::PodFailed
        | Status::JobCreationFailed
        | Status::PodCreationFailed
        | Status::FetchPodLogFailed
        | Status::JobReady
        | Status::PodReady => {
            return Err(columns.damaged("status", format!("only version 2 had {status}")));
        }
    })
}

fn reason(columns: &Columns<'_>) -> Result<String, StoreError> {
    columns
        .get::<Option<String>>("reason")?
        .ok_or_else(|| columns.damaged("reason", "it is missing"))
}

fn ending(columns: &Columns<'_>) -> Result<Ending, StoreError> {
    let code: Option<i32> = columns.get("exit_code")?;
    let signal: Option<i32> = columns.get("exit_signal")?;
    Ok(Ending {
        exit: code.map(Exit::Code).or(signal.map(Exit::Signal)),
        reason: columns.get("reason")?,
        started_at: columns.moment_if_any("started_at")?,
        finished_at: columns.moment("finished_at")?,
    })
}
