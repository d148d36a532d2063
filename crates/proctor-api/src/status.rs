//! The status of an execution as it appears on the wire. The rules that lead from one to the next live
//! in the service's domain, not here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Stored; the runner does not have it yet.
    Received,
    /// Metadata, args, secrets, command or policy do not allow it; nothing ran.
    RequirementNotMet,
    /// Waits for a slot of its proc.
    Queued,
    /// The runner has it.
    Created,
    /// The runner refused it, or it could not be launched in time; nothing ran.
    CreationFailed,
    /// The container or process runs.
    Running,
    /// Ended with exit code 0.
    Succeeded,
    /// Ended otherwise; the exit code, signal or reason says how.
    Failed,
    /// Ended by its deadline.
    TimedOut,
    /// Ended after somebody asked for its stop.
    Stopped,
    /// Proven gone without an outcome.
    Lost,
    /// Of version 2: its log had ended; whether it succeeded was not kept.
    Finished,
    /// Of version 2: its pod failed.
    PodFailed,
    /// Of version 2: its job did not become ready.
    JobCreationFailed,
    /// Of version 2: its pod did not become ready.
    PodCreationFailed,
    /// Of version 2: its log could not be read.
    FetchPodLogFailed,
    /// Of version 2: its job was ready, and nothing more is known.
    JobReady,
    /// Of version 2: its pod was ready, and nothing more is known.
    PodReady,
}

impl Status {
    /// Every status, in the order of a life; those that only an execution of version 2 has stand last.
    pub const ALL: [Self; 18] = [
        Self::Received,
        Self::RequirementNotMet,
        Self::Queued,
        Self::Created,
        Self::CreationFailed,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Stopped,
        Self::Lost,
        Self::Finished,
        Self::PodFailed,
        Self::JobCreationFailed,
        Self::PodCreationFailed,
        Self::FetchPodLogFailed,
        Self::JobReady,
        Self::PodReady,
    ];

    /// The name on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::RequirementNotMet => "REQUIREMENT_NOT_MET",
            Self::Queued => "QUEUED",
            Self::Created => "CREATED",
            Self::CreationFailed => "CREATION_FAILED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
            Self::Lost => "LOST",
            Self::Finished => "FINISHED",
            Self::PodFailed => "POD_FAILED",
            Self::JobCreationFailed => "JOB_CREATION_FAILED",
            Self::PodCreationFailed => "POD_CREATION_FAILED",
            Self::FetchPodLogFailed => "FETCH_POD_LOG_FAILED",
            Self::JobReady => "JOB_READY",
            Self::PodReady => "POD_READY",
        }
    }

    /// Whether nothing can follow it. An execution of version 2 is over whatever its status says: see
    /// [`Execution::is_over`](crate::Execution::is_over).
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(
            self,
            Self::Received | Self::Queued | Self::Created | Self::Running
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStatus(pub String);

impl fmt::Display for UnknownStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no status of an execution", self.0)
    }
}

impl std::error::Error for UnknownStatus {}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn every_status_reads_back_from_its_name_and_from_json() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{status}\""));
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
        }
    }

    #[test]
    fn four_statuses_are_live() {
        let live: Vec<_> = Status::ALL
            .into_iter()
            .filter(|status| !status.is_terminal())
            .collect();
        assert_eq!(
            live,
            [
                Status::Received,
                Status::Queued,
                Status::Created,
                Status::Running
            ]
        );
    }
}
