//! When a delivery that failed is tried again, and when no more.

use jiff::SignedDuration;

const FIRST: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// One that has not come through for so long is given up.
const MOST_AGE: SignedDuration = SignedDuration::from_hours(24);
/// And one that was tried so often: each crash in the middle of it counts too.
const MOST_ATTEMPTS: u32 = 50;

/// How long to wait after so many tries; `None`, if it is to be given up. `random` spreads what failed together.
pub(super) fn next(attempts: u32, age: SignedDuration, random: u16) -> Option<SignedDuration> {
    if attempts >= MOST_ATTEMPTS || age >= MOST_AGE {
        return None;
    }
    let doubled = 1_i32.checked_shl(attempts.saturating_sub(1).min(20));
    let wait = FIRST
        .saturating_mul(doubled.unwrap_or(i32::MAX))
        .min(LONGEST);
    // From 80 to 120 %.
    let percent = 80 + i32::from(random) % 41;
    Some(wait * percent / 100)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{LONGEST, next};

    #[test]
    fn it_waits_twice_as_long_each_time_up_to_an_hour() {
        let seconds = |attempts| next(attempts, SignedDuration::ZERO, 20).unwrap().as_secs();
        let waits: Vec<_> = (1..=12).map(seconds).collect();
        assert_eq!(
            waits,
            [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
        );
    }

    #[test]
    fn what_failed_together_does_not_come_again_together() {
        for attempts in [1, 5, 49] {
            let wait = |random| next(attempts, SignedDuration::ZERO, random).unwrap();
            assert!(wait(0) < wait(40));
            assert!(
                (0..=u16::MAX).all(|random| wait(0) <= wait(random) && wait(random) <= wait(40))
            );
            assert!(wait(40) <= LONGEST * 6 / 5);
        }
    }

    #[test]
    fn it_is_given_up_after_a_day_or_too_many_tries() {
        assert_eq!(next(3, SignedDuration::from_hours(24), 0), None);
        assert_eq!(next(50, SignedDuration::ZERO, 0), None);
        assert!(next(49, SignedDuration::from_mins(24 * 60 - 1), 0).is_some());
    }
}
