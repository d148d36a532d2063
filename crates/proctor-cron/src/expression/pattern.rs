//! An expression as croner's patterns. Owns the way from the dialect to them, and all that is asked of croner: which
//! local times match, on a calendar where each local time is there once. Knows no time zone.
//!
//! Every field is handed over as a plain list of numbers, so that nothing hangs on how croner reads stars, steps,
//! names and ranges, and whether one or both day fields must match is said outright.

use std::iter;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::CronParser;
use jiff::civil::{Date, DateTime, datetime};

use super::field::Values;
use super::fields::Fields;
use crate::minute;

/// The first local time that no search reaches; croner ends here too.
const HORIZON: DateTime = datetime(5000, 1, 1, 0, 0, 0, 0);
const MINUTES_PER_HOUR: u32 = 60;
const MINUTES_PER_DAY: u32 = 24 * MINUTES_PER_HOUR;

#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    times: Cron,
    /// The midnights of the days that match.
    days: Cron,
    hours: Values,
    minutes: Values,
}

impl Pattern {
    pub(super) fn new(fields: &Fields) -> Result<Self, CronError> {
        let parser = CronParser::builder()
            .dom_and_dow(fields.both_days())
            .build();
        let days = [fields.day_of_month, fields.month, fields.day_of_week]
            .map(list)
            .join(" ");
        let (minutes, hours) = (fields.minute, fields.hour);
        Ok(Self {
            times: parser.parse(&format!("{} {} {days}", list(minutes), list(hours)))?,
            days: parser.parse(&format!("0 0 {days}"))?,
            hours,
            minutes,
        })
    }

    /// The first local time that matches and is not earlier than this one.
    pub(crate) fn first_from(&self, local: DateTime) -> Option<DateTime> {
        let from = minute::from(local)?;
        // The only thing that can go wrong on a calendar without zones is that it ends.
        let found = self.times.find_next_occurrence(&from, true).ok()?;
        Some(found).filter(|found| *found < HORIZON)
    }

    pub(crate) fn matches(&self, local: DateTime) -> bool {
        self.first_from(local) == Some(local)
    }

    /// How many local times match from one to another, the last excluded. The work is bounded by the days between.
    pub(crate) fn count(&self, from: DateTime, until: DateTime) -> u64 {
        let until = until.min(HORIZON);
        if from >= until {
            return 0;
        }
        let (first, last) = (from.date(), until.date());
        let (begin, end) = (minute::of_day(from), minute::of_day(until));
        if first == last {
            return self.count_on(first, begin, end);
        }
        let days_between = iter::successors(first.tomorrow().ok(), |day| day.tomorrow().ok())
            .take_while(|day| *day < last)
            .filter(|day| self.matches_day(*day))
            .count() as u64;
        self.count_on(first, begin, MINUTES_PER_DAY)
            + days_between * self.minutes_within(0, MINUTES_PER_DAY)
            + self.count_on(last, 0, end)
    }

    fn count_on(&self, day: Date, begin: u32, end: u32) -> u64 {
        if self.matches_day(day) {
            self.minutes_within(begin, end)
        } else {
            0
        }
    }

    fn matches_day(&self, day: Date) -> bool {
        let midnight = day.at(0, 0, 0, 0);
        self.days
            .is_time_matching(&midnight)
            .is_ok_and(|matches| matches)
    }

    /// How many minutes of a day that matches are from one to another, the last excluded.
    fn minutes_within(&self, begin: u32, end: u32) -> u64 {
        let in_hour = |hour: u32| {
            let start = hour * MINUTES_PER_HOUR;
            let minutes = below(end.saturating_sub(start)) & !below(begin.saturating_sub(start));
            u64::from((self.minutes.bits() & minutes).count_ones())
        };
        self.hours.list().map(in_hour).sum()
    }
}

/// The bits of all minutes of an hour below this one.
fn below(minute: u32) -> u64 {
    (1 << minute.min(MINUTES_PER_HOUR)) - 1
}

fn list(values: Values) -> String {
    let numbers: Vec<String> = values.list().map(|value| value.to_string()).collect();
    numbers.join(",")
}
