//! Moments as SQLite keeps them: microseconds since 1970.

use jiff::Timestamp;

use crate::store::time::{rounded_up, truncated};

/// The present moment.
pub(super) fn now() -> Timestamp {
    truncated(Timestamp::now())
}

/// The moment as it is stored.
pub(super) fn micros(moment: Timestamp) -> i64 {
    truncated(moment).as_microsecond()
}

/// The first moment that can be stored and is not before this one, for comparisons.
pub(super) fn micros_from(moment: Timestamp) -> i64 {
    rounded_up(moment).as_microsecond()
}
