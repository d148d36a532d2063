//! Where an execution stands, as the columns of its row, and the way from and to the domain's state.

use jiff::Timestamp;
use proctor_api::Status;

use super::time::truncated;
use crate::domain::lifecycle::{Ending, Exit, LateOutcome, Legacy, State};

/// A state as its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateColumns {
    pub status: Status,
    pub reason: Option<String>,
    pub exit_code: Option<i32>,
    pub exit_signal: Option<i32>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Of executions of version 2 alone, which are over whatever their status says.
    pub v2_id: Option<u64>,
}

/// A column that this state must have is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub &'static str);

/// A late outcome as its columns; all of them are empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LateColumns {
    pub status: Option<Status>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub reason: Option<String>,
    pub at: Option<Timestamp>,
}

impl From<LateOutcome> for LateColumns {
    fn from(late: LateOutcome) -> Self {
        Self {
            status: Some(late.status),
            exit_code: late.exit.and_then(Exit::code),
            signal: late.exit.and_then(Exit::signal),
            reason: late.reason,
            at: Some(truncated(late.at)),
        }
    }
}

impl TryFrom<LateColumns> for Option<LateOutcome> {
    type Error = Missing;

    fn try_from(columns: LateColumns) -> Result<Self, Missing> {
        let Some(status) = columns.status else {
            return Ok(None);
        };
        let exit = columns.exit_code.map(Exit::Code);
        Ok(Some(LateOutcome {
            status,
            exit: exit.or(columns.signal.map(Exit::Signal)),
            reason: columns.reason,
            at: columns.at.ok_or(Missing("late_at"))?,
        }))
    }
}

impl From<&State> for StateColumns {
    fn from(state: &State) -> Self {
        let ending = state.ending();
        let exit = ending.and_then(|ending| ending.exit);
        Self {
            status: state.status(),
            reason: state.reason().map(ToOwned::to_owned),
            exit_code: exit.and_then(Exit::code),
            exit_signal: exit.and_then(Exit::signal),
            started_at: state.started_at().map(truncated),
            finished_at: ending.map(|ending| truncated(ending.finished_at)),
            v2_id: state.legacy().map(|legacy| legacy.v2_id),
        }
    }
}

impl TryFrom<StateColumns> for State {
    type Error = Missing;

    fn try_from(columns: StateColumns) -> Result<Self, Missing> {
        if let Some(v2_id) = columns.v2_id {
            return Ok(Self::Legacy(Legacy {
                v2_id,
                status: columns.status,
                reason: columns.reason,
            }));
        }
        Ok(match columns.status {
            Status::Received => Self::Received,
            Status::RequirementNotMet => Self::RequirementNotMet {
                reason: columns.reason()?,
            },
            Status::Queued => Self::Queued,
            Status::Created => Self::Created,
            Status::CreationFailed => Self::CreationFailed {
                reason: columns.reason()?,
            },
            Status::Running => Self::Running {
                started_at: columns.started_at.ok_or(Missing("started_at"))?,
            },
            Status::Succeeded => Self::Succeeded(columns.ending()?),
            Status::Failed => Self::Failed(columns.ending()?),
            Status::TimedOut => Self::TimedOut(columns.ending()?),
            Status::Stopped => Self::Stopped(columns.ending()?),
            Status::Lost => Self::Lost(columns.ending()?),
            Status::Finished
            | Status::PodFailed
            | Status::JobCreationFailed
            | Status::PodCreationFailed
            | Status::FetchPodLogFailed
            | Status::JobReady
            | Status::PodReady => return Err(Missing("v2_id")),
        })
    }
}

impl StateColumns {
    fn reason(self) -> Result<String, Missing> {
        self.reason.ok_or(Missing("reason"))
    }

    fn ending(self) -> Result<Ending, Missing> {
        let exit = self.exit_code.map(Exit::Code);
        Ok(Ending {
            exit: exit.or(self.exit_signal.map(Exit::Signal)),
            reason: self.reason,
            started_at: self.started_at,
            finished_at: self.finished_at.ok_or(Missing("finished_at"))?,
        })
    }
}
