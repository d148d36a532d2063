//! Moments as the store keeps them: whole microseconds since 1970. What is finer is cut off before it is
//! stored, so that what a unit of work returns equals what is read later.

use jiff::Timestamp;

/// The present moment.
pub(super) fn now() -> Timestamp {
    truncated(Timestamp::now())
}

/// The moment without what is finer than the store keeps.
pub(super) fn truncated(moment: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment)
}

/// The moment as it is stored.
pub(super) fn micros(moment: Timestamp) -> i64 {
    moment.as_microsecond()
}

/// The first moment that can be stored and is not before this one, for comparisons.
pub(super) fn micros_from(moment: Timestamp) -> i64 {
    let micros = moment.as_microsecond();
    let cut = moment.as_nanosecond() > i128::from(micros) * 1000;
    micros + i64::from(cut)
}

#[cfg(test)]
mod tests {
    use super::{micros_from, truncated};

    #[test]
    fn a_bound_between_two_microseconds_is_the_later_one() {
        let exact = "2026-11-20T12:00:00.000001Z".parse().unwrap();
        let finer = "2026-11-20T12:00:00.000001001Z".parse().unwrap();

        assert_eq!(micros_from(finer), micros_from(exact) + 1);
        assert_eq!(truncated(finer), exact);
    }
}
