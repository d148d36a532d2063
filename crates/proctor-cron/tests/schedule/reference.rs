//! A matcher and a walk that are too simple to be wrong: each minute of real time is asked what the clock shows.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

pub struct Reference {
    fields: [BTreeSet<i8>; 5],
    both_days: bool,
    is_interval: bool,
}

impl Reference {
    /// Reads five valid fields without names.
    pub fn of(fields: &[String; 5]) -> Self {
        let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
        let has = |field: &str, signs: &[char]| field.contains(signs);
        Self {
            fields: std::array::from_fn(|index| values(&fields[index], bounds[index])),
            both_days: has(&fields[2], &['*', '?']) || has(&fields[4], &['*', '?']),
            is_interval: has(&fields[0], &['*', '?', '/']) || has(&fields[1], &['*', '?', '/']),
        }
    }

    pub fn matches(&self, local: DateTime) -> bool {
        let [minutes, hours, days, months, weekdays] = &self.fields;
        let day = days.contains(&local.day());
        let weekday = weekdays.contains(&local.weekday().to_sunday_zero_offset());
        let both = if self.both_days {
            day && weekday
        } else {
            day || weekday
        };
        both && minutes.contains(&local.minute())
            && hours.contains(&local.hour())
            && months.contains(&local.month())
    }

    /// The moments after one instant and until another, both whole minutes.
    pub fn moments(&self, zone: &TimeZone, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let minute = SignedDuration::from_mins(1);
        // Begun early enough to know what the clock has already shown.
        let mut now = after - SignedDuration::from_hours(30);
        let mut shown = zone.to_datetime(now);
        let mut latest = shown;
        let mut moments = Vec::new();
        while now < until {
            now += minute;
            let local = zone.to_datetime(now);
            let again = local <= latest;
            let is_moment = if self.is_interval {
                self.matches(local)
            } else {
                (self.matches(local) && !again) || self.missed(shown, local)
            };
            if is_moment && now > after {
                moments.push(now);
            }
            shown = local;
            latest = latest.max(local);
        }
        moments
    }

    /// Whether a local time that the clock has left out would have matched.
    fn missed(&self, before: DateTime, now: DateTime) -> bool {
        let mut missing = before + 1.minute();
        while missing < now {
            if self.matches(missing) {
                return true;
            }
            missing += 1.minute();
        }
        false
    }
}

fn values(field: &str, (min, max): (i8, i8)) -> BTreeSet<i8> {
    let mut values = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, ""));
        let (low, high) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (min, max),
            (_, Some((low, high))) => (low.parse().unwrap(), high.parse().unwrap()),
            (low, None) => {
                let low = low.parse().unwrap();
                (low, if step.is_empty() { low } else { max })
            }
        };
        let step: i8 = if step.is_empty() {
            1
        } else {
            step.parse().unwrap()
        };
        values.extend(
            (min..=max).filter(|value| (low..=high).contains(value) && (value - low) % step == 0),
        );
    }
    values
}
