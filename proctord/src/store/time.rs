//! Moments as stores keep them: whole microseconds. What is finer is cut off before it is stored, so that what
//! a unit of work returns equals what is read later.

use jiff::Timestamp;

/// The moment without what is finer than a store keeps.
pub(super) fn truncated(moment: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment)
}

/// The first moment that can be stored and is not before this one, for comparisons.
pub(super) fn rounded_up(moment: Timestamp) -> Timestamp {
    let cut = truncated(moment);
    if cut < moment {
        Timestamp::from_microsecond(cut.as_microsecond() + 1).unwrap_or(Timestamp::MAX)
    } else {
        cut
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{rounded_up, truncated};

    #[test]
    fn a_bound_between_two_microseconds_is_the_later_one() {
        let exact: Timestamp = "2026-11-20T12:00:00.000001Z".parse().unwrap();
        let finer: Timestamp = "2026-11-20T12:00:00.000001001Z".parse().unwrap();
        let next: Timestamp = "2026-11-20T12:00:00.000002Z".parse().unwrap();

        assert_eq!(rounded_up(finer), next);
        assert_eq!(rounded_up(exact), exact);
        assert_eq!(truncated(finer), exact);
    }

    #[test]
    fn moments_before_1970_and_the_last_one_stay_in_order() {
        let early: Timestamp = "1969-12-31T23:59:59.9999995Z".parse().unwrap();

        assert!(rounded_up(early) >= early);
        assert!(rounded_up(Timestamp::MAX) <= Timestamp::MAX);
    }
}
