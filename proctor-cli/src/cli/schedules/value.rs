//! What the texts of a schedule's flags must be. The service checks every one again and has the last word.

use crate::cli::executions::parse_grace;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use proctor_cron::{Expression, ExpressionError, UnknownTimeZone, time_zone};

/// The fields of an expression as the service tells it, with the second in front.
const STORED_FIELDS: usize = 6;

/// A time that somebody has typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    Instant(Timestamp),
    /// What the clock shows in a zone that is said elsewhere.
    Local(LocalTime),
}

/// What a clock shows, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    text: String,
    shown: DateTime,
}

/// Why a local time is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalTimeError {
    #[error("`{0}` has no offset: end it with Z or +01:00, or say its --time-zone")]
    NoZone(String),
    #[error("`{text}` is a time that the clock of {zone} leaves out")]
    Skipped { text: String, zone: String },
    #[error(
        "`{text}` is a time that the clock of {zone} shows twice: end it with {first} or {second}"
    )]
    Doubled {
        text: String,
        zone: String,
        first: String,
        second: String,
    },
    #[error("`{0}` is further away than times are counted")]
    TooFar(String),
}

impl When {
    /// The instant that is meant, by the zone's clock if no offset was typed.
    pub fn instant(&self, zone: Option<&TimeZone>) -> Result<Timestamp, LocalTimeError> {
        match self {
            Self::Instant(instant) => Ok(*instant),
            Self::Local(local) => local.instant(zone),
        }
    }
}

impl LocalTime {
    fn instant(&self, zone: Option<&TimeZone>) -> Result<Timestamp, LocalTimeError> {
        let text = self.text.clone();
        let Some(zone) = zone else {
            return Err(LocalTimeError::NoZone(text));
        };
        let name = zone_name(zone).to_owned();
        match zone.to_ambiguous_timestamp(self.shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                let instant = offset.to_timestamp(self.shown);
                instant.map_err(|_| LocalTimeError::TooFar(text))
            }
            AmbiguousOffset::Gap { .. } => Err(LocalTimeError::Skipped { text, zone: name }),
            AmbiguousOffset::Fold { before, after } => Err(LocalTimeError::Doubled {
                text,
                zone: name,
                first: before.to_string(),
                second: after.to_string(),
            }),
        }
    }
}

/// The name by which the service knows the zone.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// An expression, as a user writes it or as the service tells it.
pub fn cron(text: &str) -> Result<String, ExpressionError> {
    let is_stored =
        text.starts_with("0 ") && text.split_ascii_whitespace().count() == STORED_FIELDS;
    if is_stored {
        Expression::from_stored(text)?;
    } else {
        Expression::parse(text)?;
    }
    Ok(text.to_owned())
}

/// As the service takes it: nothing is noticed before it has come.
pub fn misfire_after(text: &str) -> Result<u32, String> {
    match parse_grace(text)? {
        0 => Err("a moment may be late by 1 s at least".to_owned()),
        seconds => Ok(seconds),
    }
}

pub fn zone(text: &str) -> Result<TimeZone, UnknownTimeZone> {
    time_zone(text)
}

pub fn when(text: &str) -> Result<When, String> {
    if let Ok(instant) = text.parse() {
        return Ok(When::Instant(instant));
    }
    let shown: Option<DateTime> = text.parse().ok();
    // A zone in brackets would be passed over.
    let shown = shown.filter(|_| !text.contains('['));
    let local = shown.map(|shown| LocalTime {
        text: text.to_owned(),
        shown,
    });
    local
        .map(When::Local)
        .ok_or_else(|| "not a time such as 2026-12-24T18:00:00Z or 2026-12-24T18:00".to_owned())
}

/// Addresses as the service takes them, without blanks around them.
pub fn addresses(text: &str) -> Result<String, String> {
    let addresses: Vec<&str> = text.split(',').map(str::trim).collect();
    match addresses.iter().find(|address| !is_address(address)) {
        Some(wrong) => Err(format!("`{wrong}` is no address such as ann@example.org")),
        None => Ok(addresses.join(",")),
    }
}

fn is_address(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains('@');
    let has_parts = text
        .split_once('@')
        .is_some_and(|(name, host)| is_part(name) && is_part(host));
    has_parts && text.chars().all(|letter| letter.is_ascii_graphic())
}

pub fn text(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    Ok(text.to_owned())
}

pub fn id(word: &str) -> Result<u64, &'static str> {
    word.parse()
        .map_err(|_| "not the id of a schedule; `proctor schedule list` shows the ids")
}

#[cfg(test)]
mod tests {
    use super::{addresses, cron, when, zone};

    #[test]
    fn an_expression_is_taken_as_it_is_written_and_as_it_is_told() {
        for text in [
            "30 9 * * mon-fri",
            "0 8,20 * *",
            "@daily",
            "0 30 9 * * mon-fri",
        ] {
            assert_eq!(cron(text).unwrap(), text);
        }
        for text in ["", "61 * * * *", "5 30 9 * * 1", "@never", "0 0 31 2 *"] {
            assert!(cron(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_local_time_needs_a_zone_in_which_it_comes_once() {
        let berlin = zone("europe/berlin").unwrap();
        let instant = |text: &str| when(text).unwrap().instant(Some(&berlin));

        let christmas = instant("2026-12-24T18:00").unwrap();
        assert_eq!(christmas.to_string(), "2026-12-24T17:00:00Z");
        assert_eq!(instant("2026-12-24T18:00:00+01:00"), Ok(christmas));
        assert_eq!(
            instant("2026-03-29").unwrap().to_string(),
            "2026-03-28T23:00:00Z"
        );
        let wrong = [
            (
                instant("2026-03-29T02:30"),
                "`2026-03-29T02:30` is a time that the clock of Europe/Berlin leaves out",
            ),
            (
                instant("2026-10-25T02:30"),
                "`2026-10-25T02:30` is a time that the clock of Europe/Berlin shows twice: end it with +02 or +01",
            ),
            (
                when("2026-12-24T18:00").unwrap().instant(None),
                "`2026-12-24T18:00` has no offset: end it with Z or +01:00, or say its --time-zone",
            ),
        ];
        for (instant, text) in wrong {
            assert_eq!(instant.unwrap_err().to_string(), text);
        }
        for text in ["", "tomorrow", "18:00", "2026-12-24T18:00[Europe/Berlin]"] {
            assert!(when(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_told_apart_by_commas_and_each_is_one() {
        assert_eq!(addresses("a@b.c, d@e").unwrap(), "a@b.c,d@e");
        for text in ["", "a@b,", "a", "@b", "a@", "a@b@c", "a b@c"] {
            assert!(addresses(text).is_err(), "{text}");
        }
    }
}
