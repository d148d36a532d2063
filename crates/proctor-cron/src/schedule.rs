//! A schedule and its moments. Owns what can be asked of one; stretches of time between two changes of the clock and
//! what an expression makes of them are below.

mod recurrence;
mod stretch;

use std::cmp;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::expression::Expression;
use crate::moment::Moment;
use recurrence::Recurrence;
use stretch::Stretch;

/// The moments at which a proc is to run.
#[derive(Debug, Clone)]
pub struct Schedule(Moments);

#[derive(Debug, Clone)]
enum Moments {
    // Boxed, since croner's patterns are large beside one instant.
    Recurring(Box<Recurrence>, Window),
    Once(Timestamp, TimeZone),
}

/// The time in which a schedule has moments; both ends belong to it, and an end that is not set is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

/// A window that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not after {not_after} is before not before {not_before}, so that there is no moment")]
pub struct WindowError {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl Window {
    pub fn new(
        not_before: Option<Timestamp>,
        not_after: Option<Timestamp>,
    ) -> Result<Self, WindowError> {
        match (not_before, not_after) {
            (Some(not_before), Some(not_after)) if not_after < not_before => Err(WindowError {
                not_before,
                not_after,
            }),
            _ => Ok(Self {
                not_before,
                not_after,
            }),
        }
    }

    /// What is left of the time after one instant until another one.
    fn clip(self, after: Timestamp, until: Timestamp) -> (Timestamp, Timestamp) {
        let opens = self.not_before.map_or(after, just_before);
        let closes = self.not_after.unwrap_or(until);
        (after.max(opens), until.min(closes))
    }
}

impl Schedule {
    pub fn recurring(expression: Expression, time_zone: TimeZone, window: Window) -> Self {
        Self(Moments::Recurring(
            Box::new(Recurrence::new(expression, time_zone)),
            window,
        ))
    }

    /// One moment; the zone says what the clock shows then.
    pub fn once(at: Timestamp, time_zone: TimeZone) -> Self {
        Self(Moments::Once(at, time_zone))
    }

    /// The first moment that is later. There is none once the window has closed, and none after the year 4999.
    pub fn next_after(&self, after: Timestamp) -> Option<Moment> {
        self.first_between(after, Timestamp::MAX)
    }

    /// The first moments, at most `limit`, that are later than one instant and not later than another.
    pub fn moments_between(&self, after: Timestamp, until: Timestamp, limit: usize) -> Vec<Moment> {
        let first = self.first_between(after, until);
        std::iter::successors(first, |moment| self.first_between(moment.instant, until))
            .take(limit)
            .collect()
    }

    /// The last moments, at most `limit` and oldest first, that are later than one instant and not later than another.
    pub fn newest_between(&self, after: Timestamp, until: Timestamp, limit: usize) -> Vec<Moment> {
        // The latest second after which there still are that many, found by halving what is left.
        let (mut enough, mut too_few) = (after, until);
        if self.count_between(after, until) > limit as u64 {
            while let Some(middle) = halfway(enough, too_few) {
                match self.count_between(middle, until).cmp(&(limit as u64)) {
                    cmp::Ordering::Less => too_few = middle,
                    cmp::Ordering::Equal | cmp::Ordering::Greater => enough = middle,
                }
            }
        }
        self.moments_between(enough, until, limit)
    }

    /// How many moments are later than one instant and not later than another. The work is bounded by the days between.
    pub fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        match &self.0 {
            Moments::Recurring(recurrence, window) => {
                let (after, until) = window.clip(after, until);
                recurrence.count_between(after, until)
            }
            Moments::Once(..) => u64::from(self.first_between(after, until).is_some()),
        }
    }

    fn first_between(&self, after: Timestamp, until: Timestamp) -> Option<Moment> {
        match &self.0 {
            Moments::Recurring(recurrence, window) => {
                let (after, until) = window.clip(after, until);
                recurrence
                    .next_after(after)
                    .filter(|moment| moment.instant <= until)
            }
            Moments::Once(at, time_zone) => (after < *at && *at <= until)
                .then(|| Stretch::containing(time_zone, *at).moment_at(*at)),
        }
    }
}

fn just_before(instant: Timestamp) -> Timestamp {
    instant
        .checked_sub(SignedDuration::from_nanos(1))
        .unwrap_or(instant)
}

/// The second in the middle of two instants; none if they are no more than a second apart.
fn halfway(low: Timestamp, high: Timestamp) -> Option<Timestamp> {
    let half = high.as_second().saturating_sub(low.as_second()) / 2;
    (half > 0).then(|| low.checked_add(SignedDuration::from_secs(half)).ok())?
}
