//! How long a log that cannot be reached is tried, and how often. Pure: the clock is handed in.

use std::time::{Duration, Instant};

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A time without a connection that gave anything.
#[derive(Debug, Default)]
pub struct Outage {
    began: Option<Instant>,
    tries: u32,
}

impl Outage {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.began.is_some()
    }

    /// How long to wait before the next try; `None` if the outage has lasted longer than the patience.
    pub fn next_delay(&mut self, now: Instant, patience: Duration) -> Option<Duration> {
        let began = *self.began.get_or_insert(now);
        let left = patience.checked_sub(now.duration_since(began))?;
        if left.is_zero() {
            return None;
        }
        let delay = FIRST_DELAY
            .saturating_mul(2_u32.saturating_pow(self.tries))
            .min(LONGEST_DELAY);
        self.tries = self.tries.saturating_add(1);
        Some(delay.min(left))
    }

    /// The log is there again.
    pub fn over(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Outage;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn the_waits_grow_to_five_seconds() {
        let mut outage = Outage::default();
        let now = Instant::now();

        let waits: Vec<_> = (0..8)
            .filter_map(|_| outage.next_delay(now, PATIENCE))
            .map(|wait| wait.as_millis())
            .collect();

        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn patience_ends_and_begins_anew_after_the_outage() {
        let mut outage = Outage::default();
        let began = Instant::now();

        assert!(outage.next_delay(began, PATIENCE).is_some());
        let later = began + Duration::from_secs(59);
        assert_eq!(
            outage.next_delay(later, PATIENCE),
            Some(Duration::from_millis(200))
        );
        assert_eq!(outage.next_delay(began + PATIENCE, PATIENCE), None);

        outage.over();
        assert!(!outage.is_on());
        assert!(outage.next_delay(began + PATIENCE, PATIENCE).is_some());
    }

    #[test]
    fn no_patience_means_no_second_try() {
        assert_eq!(
            Outage::default().next_delay(Instant::now(), Duration::ZERO),
            None
        );
    }
}
