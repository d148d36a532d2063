//! The five fields together: how a text is split into them, and the rule of the two day fields.

use super::Kind;
use super::error::ExpressionError;
use super::field::{Field, Values};

/// The longest that each month can be, January first.
const LONGEST_MONTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) minute: Values,
    pub(super) hour: Values,
    pub(super) day_of_month: Values,
    pub(super) month: Values,
    pub(super) day_of_week: Values,
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, ExpressionError> {
        let fields = split(text)?;
        Ok(Self {
            minute: Values::parse(Field::Minute, fields[0])?,
            hour: Values::parse(Field::Hour, fields[1])?,
            day_of_month: Values::parse(Field::DayOfMonth, fields[2])?,
            month: Values::parse(Field::Month, fields[3])?,
            day_of_week: Values::parse(Field::DayOfWeek, fields[4])?,
        })
    }

    pub(super) fn kind(&self) -> Kind {
        let is_interval = |values: Values| values.starred || values.stepped;
        if is_interval(self.minute) || is_interval(self.hour) {
            Kind::Interval
        } else {
            Kind::Fixed
        }
    }

    /// Whether a day must match both day fields; otherwise one of them is enough.
    pub(super) fn both_days(&self) -> bool {
        self.day_of_month.starred || self.day_of_week.starred
    }

    /// Whether there is a day that matches, in whatever year. Each day of the calendar, 29 February too, falls on
    /// every day of the week in some year, so the day of the week cannot rule out all of them.
    pub(super) fn can_match(&self) -> bool {
        !self.both_days() || self.month.list().any(|month| self.has_day_in(month))
    }

    fn has_day_in(&self, month: u32) -> bool {
        let length = LONGEST_MONTHS[month as usize - 1];
        self.day_of_month.list().any(|day| day <= length)
    }
}

fn split(text: &str) -> Result<[&str; 5], ExpressionError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.iter().any(|word| names_time_zone(word)) {
        return Err(ExpressionError::TimeZone(text.to_owned()));
    }
    match words[..] {
        [minute, hour, day, month] => Ok([minute, hour, day, month, "*"]),
        [minute, hour, day, month, weekday] => Ok([minute, hour, day, month, weekday]),
        [_, _, _, _, _, _] => Err(ExpressionError::Seconds(text.to_owned())),
        _ => Err(ExpressionError::FieldCount {
            text: text.to_owned(),
            count: words.len(),
        }),
    }
}

fn names_time_zone(word: &str) -> bool {
    word.starts_with("TZ=") || word.starts_with("CRON_TZ=")
}
