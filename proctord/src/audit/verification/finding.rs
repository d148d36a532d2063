//! What is not as it was sealed, in words and for programs.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::store::audit::seal::Mark;

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A row says something else than when it was sealed.
    RowAltered {
        id: i64,
        at: Option<Timestamp>,
        seal: i64,
    },
    /// A seal lists a row that does not name it any more.
    RowMissing {
        id: i64,
        at: Option<Timestamp>,
        seal: i64,
    },
    /// A row names a seal that does not list it.
    RowInserted {
        id: i64,
        at: Timestamp,
        seal: Option<i64>,
    },
    /// What a seal says does not fit its own hash.
    SealAltered { number: i64, at: Timestamp },
    /// A seal has a number that none has that was made here.
    SealInserted { number: i64, at: Timestamp },
    /// A seal follows another one than the one before it.
    ChainBroken { number: i64, at: Timestamp },
    /// These seals are gone.
    SealsMissing { first: i64, last: i64 },
    /// A seal is not the one that was noted down elsewhere, or is not there.
    NotAsMarked {
        number: i64,
        #[serde(serialize_with = "in_words")]
        found: Option<Mark>,
    },
}

fn in_words<S: serde::Serializer>(mark: &Option<Mark>, to: S) -> Result<S::Ok, S::Error> {
    match mark {
        Some(mark) => to.collect_str(mark),
        None => to.serialize_none(),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowAltered { id, at, seal } => {
                write!(
                    to,
                    "row {id} of {} was altered after seal {seal}",
                    When(*at)
                )
            }
            Self::RowMissing { id, at, seal } => {
                write!(to, "row {id} of {} is missing from seal {seal}", When(*at))
            }
            Self::RowInserted { id, at, seal } => {
                let seal = seal.unwrap_or_default();
                write!(
                    to,
                    "row {id} of {at} was inserted: seal {seal} does not cover it"
                )
            }
            Self::SealAltered { number, at } => {
                write!(
                    to,
                    "seal {number} of {at} was altered: its hash does not fit"
                )
            }
            Self::SealInserted { number, at } => {
                write!(
                    to,
                    "seal {number} of {at} was inserted: seals are numbered from 1 on"
                )
            }
            Self::ChainBroken { number, at } => {
                let before = number.saturating_sub(1);
                write!(
                    to,
                    "seal {number} of {at} does not follow seal {before}: one of them was replaced"
                )
            }
            Self::SealsMissing { first, last } if first == last => {
                write!(to, "seal {first} is missing")
            }
            Self::SealsMissing { first, last } => write!(to, "seals {first} to {last} are missing"),
            Self::NotAsMarked {
                number,
                found: None,
            } => {
                write!(to, "seal {number} was noted down, and is missing")
            }
            Self::NotAsMarked {
                found: Some(found), ..
            } => {
                write!(to, "seal {found} is not the one that was noted down")
            }
        }
    }
}

/// A moment that may not be one.
struct When(Option<Timestamp>);

impl fmt::Display for When {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => at.fmt(to),
            None => to.write_str("an unreadable time"),
        }
    }
}
