//! Ids of executions: below 2^53, so that every JSON reader keeps all their digits, and ordered by time.
//! 39 bits of 10 ms ticks since 1970, below them 14 bits of a sequence that the store keeps.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

const SEQUENCE_BITS: u32 = 14;
const TICK_MILLISECONDS: i64 = 10;
const LIMIT: u64 = 1 << 53;

/// The id of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct ExecutionId(u64);

/// The number or text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a whole number from 1 to {}", LIMIT - 1)]
pub struct IdError;

impl ExecutionId {
    /// The id of this moment with the given sequence number, of which the low 14 bits count.
    #[must_use]
    pub fn compose(now: Timestamp, sequence: u64) -> Self {
        let ticks = u64::try_from(now.as_millisecond() / TICK_MILLISECONDS).unwrap_or(0);
        let id = (ticks << SEQUENCE_BITS) | (sequence & ((1 << SEQUENCE_BITS) - 1));
        Self((id % LIMIT).max(1))
    }

    /// All ids of this moment, for one that finds a free one itself. What lies outside of those that ids can
    /// tell is brought inside: before 1970 to the first moment, after 2144 to the last.
    #[must_use]
    pub fn of_moment(at: Timestamp) -> RangeInclusive<Self> {
        let ticks = at.as_millisecond() / TICK_MILLISECONDS;
        let last = (LIMIT >> SEQUENCE_BITS) - 1;
        let first = u64::try_from(ticks).unwrap_or(0).min(last) << SEQUENCE_BITS;
        Self(first.max(1))..=Self(first + ((1 << SEQUENCE_BITS) - 1))
    }

    /// All ids of the moment after that of these.
    #[must_use]
    pub fn following(ids: &RangeInclusive<Self>) -> RangeInclusive<Self> {
        let first = (ids.end().0 + 1) % LIMIT;
        Self(first.max(1))..=Self(first + ((1 << SEQUENCE_BITS) - 1))
    }

    /// The id as a number, for databases that have no unsigned ones.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }
}

impl TryFrom<u64> for ExecutionId {
    type Error = IdError;

    fn try_from(number: u64) -> Result<Self, IdError> {
        if (1..LIMIT).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdError)
        }
    }
}

impl From<ExecutionId> for u64 {
    fn from(id: ExecutionId) -> Self {
        id.0
    }
}

impl FromStr for ExecutionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        // `u64::from_str` takes a leading `+`, which in a URL is a blank.
        if text.starts_with('+') {
            return Err(IdError);
        }
        text.parse::<u64>().map_err(|_| IdError)?.try_into()
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{ExecutionId, IdError, LIMIT};

    #[test]
    fn ids_grow_with_time_and_sequence_and_stay_exact_in_json() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let later = "2026-11-20T12:00:00.01Z".parse().unwrap();
        let far = "2140-01-01T00:00:00Z".parse().unwrap();

        assert!(ExecutionId::compose(now, 0) < ExecutionId::compose(now, 1));
        assert!(ExecutionId::compose(now, (1 << 14) - 1) < ExecutionId::compose(later, 0));
        assert!(u64::from(ExecutionId::compose(far, u64::MAX)) < LIMIT);
    }

    #[test]
    fn the_ids_of_a_moment_lie_between_those_of_its_neighbours() {
        let now: Timestamp = "2019-10-03T04:00:58.083798Z".parse().unwrap();
        let later = "2019-10-03T04:00:58.09Z".parse().unwrap();

        let ids = ExecutionId::of_moment(now);

        assert!(ids.contains(&ExecutionId::compose(now, 77)));
        assert_eq!(ExecutionId::following(&ids), ExecutionId::of_moment(later));
    }

    #[test]
    fn only_numbers_in_range_are_ids() {
        assert!("1".parse::<ExecutionId>().is_ok());
        for bad in [
            "0",
            "-1",
            "+1",
            "1.5",
            "",
            "x",
            "9007199254740992",
            "18446744073709551616",
        ] {
            assert_eq!(bad.parse::<ExecutionId>(), Err(IdError), "{bad}");
        }
    }
}
