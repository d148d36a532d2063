//! Ids of schedules. They come from where those of executions come from, so that no number means two things.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{ExecutionId, IdError};

/// The id of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScheduleId(ExecutionId);

impl ScheduleId {
    /// The id of this moment with the given sequence number.
    #[must_use]
    pub fn compose(now: Timestamp, sequence: u64) -> Self {
        Self(ExecutionId::compose(now, sequence))
    }

    /// The id as a number, for databases that have no unsigned ones.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        self.0.as_i64()
    }
}

impl TryFrom<u64> for ScheduleId {
    type Error = IdError;

    fn try_from(number: u64) -> Result<Self, IdError> {
        ExecutionId::try_from(number).map(Self)
    }
}

impl From<ScheduleId> for u64 {
    fn from(id: ScheduleId) -> Self {
        id.0.into()
    }
}

impl FromStr for ScheduleId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
