//! How often it is told that nobody can be known: whoever asks causes that, so anybody could fill the log with it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// It is told no more often.
const BETWEEN: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Outages(Mutex<Told>);

#[derive(Default)]
struct Told {
    at: Option<Instant>,
    /// Those since then that were not told.
    untold: u64,
}

impl Outages {
    /// Notes one more; how many were not told before it, if it is to be told.
    pub(super) fn note(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.at.is_some_and(|at| now < at + BETWEEN) {
            told.untold += 1;
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{BETWEEN, Outages};

    #[test]
    fn a_storm_is_told_once_in_a_while_and_counted() {
        let outages = Outages::default();
        let now = Instant::now();

        assert_eq!(outages.note(now), Some(0));
        for _ in 0..400 {
            assert_eq!(outages.note(now), None);
        }
        assert_eq!(outages.note(now + BETWEEN), Some(400));
    }
}
