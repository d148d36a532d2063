//! Slows down whoever guesses: from a source that has shown wrong credentials often, each further refusal comes later,
//! up to a bound. Nobody is shut out, so nobody can shut others out; what was found right lately is never slowed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures of a minute that are answered at once.
const FREE: f64 = 20.0;
/// What each further one adds, and the most that they come to.
const STEP: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);
/// The most sources that are told apart.
const LIMIT: usize = 10_000;
const SWEEP_EVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Slowdown {
    sources: Mutex<Sources>,
}

#[derive(Default)]
struct Sources {
    /// `None` is whoever comes from nowhere known.
    levels: HashMap<Option<IpAddr>, Level>,
    /// When those that have calmed down were last looked for.
    swept: Option<Instant>,
}

/// How many failures there were lately: it goes down by those of a minute in a minute.
struct Level {
    failures: f64,
    at: Instant,
}

impl Slowdown {
    /// Whether somebody who fails now would have to wait.
    pub(super) fn is_slow(&self, source: Option<IpAddr>, now: Instant) -> bool {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let level = sources.levels.get(&source.map(network));
        level.is_some_and(|level| level.at(now) + 1.0 > FREE)
    }

    /// How long to let wait somebody from there who has just failed.
    pub(super) fn after_failure(&self, source: Option<IpAddr>, now: Instant) -> Duration {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = source.map(network);
        if !sources.has_place_for(source, now) {
            // So many sources at once are one guesser.
            return LONGEST;
        }
        let level = sources.levels.entry(source).or_insert(Level {
            failures: 0.0,
            at: now,
        });
        level.failures = level.at(now) + 1.0;
        level.at = now;
        let beyond = (level.failures - FREE).max(0.0);
        STEP.mul_f64(beyond).min(LONGEST)
    }
}

impl Sources {
    fn has_place_for(&mut self, source: Option<IpAddr>, now: Instant) -> bool {
        let is_full = |levels: &HashMap<_, _>| levels.len() >= LIMIT;
        if is_full(&self.levels) && self.swept.is_none_or(|swept| now >= swept + SWEEP_EVERY) {
            self.levels.retain(|_, level| level.at(now) > 0.0);
            self.swept = Some(now);
        }
        !is_full(&self.levels) || self.levels.contains_key(&source)
    }
}

impl Level {
    fn at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at);
        (self.failures - passed.as_secs_f64() * FREE / 60.0).max(0.0)
    }
}

/// A household has 2^64 addresses of version 6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(prefix).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{LIMIT, LONGEST, STEP, Slowdown};

    fn source(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn refusals_come_later_and_later_and_calm_down() {
        let slowdown = Slowdown::default();
        let now = Instant::now();
        let fail = |now| slowdown.after_failure(source(1), now);

        for _ in 0..20 {
            assert_eq!(fail(now), Duration::ZERO);
        }
        assert!(slowdown.is_slow(source(1), now) && !slowdown.is_slow(source(2), now));
        assert_eq!(fail(now), STEP);
        assert_eq!(fail(now), STEP * 2);
        for _ in 0..40 {
            fail(now);
        }
        assert_eq!(fail(now), LONGEST);
        assert_eq!(slowdown.after_failure(source(2), now), Duration::ZERO);
        assert_eq!(fail(now + Duration::from_mins(4)), Duration::ZERO);
    }

    #[test]
    fn the_addresses_of_one_network_count_together() {
        let slowdown = Slowdown::default();
        let now = Instant::now();
        let from = |text: String| slowdown.after_failure(Some(text.parse().unwrap()), now);

        for number in 0..20 {
            assert_eq!(from(format!("2001:db8::{number:x}")), Duration::ZERO);
        }

        assert_eq!(from("2001:db8::ffff".to_owned()), STEP);
        assert_eq!(from("2001:db8:0:1::1".to_owned()), Duration::ZERO);
    }

    #[test]
    fn sources_are_bounded_and_too_many_are_slow() {
        let slowdown = Slowdown::default();
        let begin = Instant::now();
        for number in 0..LIMIT {
            let number = u32::try_from(number).unwrap();
            assert_eq!(
                slowdown.after_failure(source(number), begin),
                Duration::ZERO
            );
        }

        let last = source(u32::MAX);
        assert_eq!(slowdown.after_failure(last, begin), LONGEST);
        assert_eq!(slowdown.after_failure(source(0), begin), Duration::ZERO);
        let later = begin + Duration::from_secs(10);
        assert_eq!(slowdown.after_failure(last, later), Duration::ZERO);
        assert!(slowdown.sources.lock().unwrap().levels.len() < LIMIT);
    }
}
