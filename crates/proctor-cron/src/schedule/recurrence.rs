//! An expression in a time zone. Owns the rule of daylight saving: an interval schedule follows real time, so what the
//! clock leaves out is no moment and what it shows twice is two; a fixed one fires once for each local time, at the
//! first minute after a gap if it is missing, and at the first of two.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::stretch::Stretch;
use crate::expression::{Expression, Kind, Pattern};
use crate::minute;
use crate::moment::{DaylightSaving, Moment};

#[derive(Debug, Clone)]
pub(super) struct Recurrence {
    expression: Expression,
    time_zone: TimeZone,
}

/// What an expression makes of one stretch.
struct Course<'a> {
    pattern: &'a Pattern,
    stretch: Stretch,
    /// The first local time that counts.
    begin: DateTime,
    end: DateTime,
    landing: Option<Landing>,
}

/// Where local times go that the clock has left out.
#[derive(Clone, Copy)]
struct Landing {
    at: DateTime,
    /// The first of them.
    missing: DateTime,
}

impl Recurrence {
    pub(super) fn new(expression: Expression, time_zone: TimeZone) -> Self {
        Self {
            expression,
            time_zone,
        }
    }

    pub(super) fn next_after(&self, after: Timestamp) -> Option<Moment> {
        let mut stretch = Stretch::containing(&self.time_zone, after);
        let mut from = minute::after(stretch.local(after))?;
        loop {
            if let Some(moment) = self.course(stretch).first_from(from) {
                return Some(moment);
            }
            stretch = stretch.following(&self.time_zone)?;
            from = DateTime::MIN;
        }
    }

    pub(super) fn count_between(&self, after: Timestamp, until: Timestamp) -> u64 {
        if until <= after {
            return 0;
        }
        let mut stretch = Stretch::containing(&self.time_zone, after);
        let mut from = minute::after(stretch.local(after)).unwrap_or(DateTime::MAX);
        let mut count = 0;
        while !stretch.reaches_past(until) {
            count += self.course(stretch).count(from, DateTime::MAX);
            from = DateTime::MIN;
            match stretch.following(&self.time_zone) {
                Some(next) => stretch = next,
                None => return count,
            }
        }
        let end = minute::after(stretch.local(until)).unwrap_or(DateTime::MAX);
        count + self.course(stretch).count(from, end)
    }

    fn course(&self, stretch: Stretch) -> Course<'_> {
        let pattern = self.expression.pattern();
        let (begin, landing) = match self.expression.kind() {
            Kind::Interval => (stretch.begin(), None),
            Kind::Fixed => (
                stretch.begin().max(stretch.unchanged_begin()),
                landing(pattern, &stretch),
            ),
        };
        Course {
            pattern,
            begin,
            end: stretch.end(),
            stretch,
            landing,
        }
    }
}

/// The landing of what is missing before a stretch, if something is.
fn landing(pattern: &Pattern, stretch: &Stretch) -> Option<Landing> {
    if stretch.begin() <= stretch.unchanged_begin() {
        return None;
    }
    let missing = pattern.first_from(stretch.unchanged_begin())?;
    let at = minute::from(stretch.begin())?;
    (missing < stretch.begin() && at < stretch.end()).then_some(Landing { at, missing })
}

impl Course<'_> {
    /// The first moment that is not earlier than this local time.
    fn first_from(&self, local: DateTime) -> Option<Moment> {
        let matching = self
            .pattern
            .first_from(local.max(self.begin))
            .filter(|found| *found < self.end);
        let landing = self.landing.filter(|landing| landing.at >= local);
        match (landing, matching) {
            (Some(landing), found) if found.is_none_or(|found| landing.at <= found) => {
                self.landed(landing)
            }
            (_, found) => self.stretch.moment(found?),
        }
    }

    fn landed(&self, landing: Landing) -> Option<Moment> {
        let moment = self.stretch.moment(landing.at)?;
        Some(Moment {
            daylight_saving: DaylightSaving::Moved {
                from: landing.missing,
            },
            ..moment
        })
    }

    /// How many moments there are from one local time to another, the last excluded.
    fn count(&self, from: DateTime, until: DateTime) -> u64 {
        let matching = self
            .pattern
            .count(from.max(self.begin), until.min(self.end));
        // A landing on a local time that matches anyway is one moment with it.
        let landed = self.landing.is_some_and(|landing| {
            (from..until).contains(&landing.at) && !self.pattern.matches(landing.at)
        });
        matching + u64::from(landed)
    }
}
