//! One field of an expression: its values, their names, and how lists, ranges and steps of them are read.

use std::fmt;

use super::error::{FieldError, Flaw};

/// A field of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

impl Field {
    /// The lowest and the highest value.
    pub fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
        }
    }

    /// The names of all values, lowest first; none if they are numbers only.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &[
                "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
            ],
            Self::DayOfWeek => &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

/// The values that a field names, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Values {
    /// The bit of each value.
    bits: u64,
    /// Whether `*` or `?` is in it, with a step or beside other values too.
    pub(super) starred: bool,
    /// Whether a step is in it.
    pub(super) stepped: bool,
}

impl Values {
    pub(super) fn parse(field: Field, text: &str) -> Result<Self, FieldError> {
        let at = |part: &str, flaw| FieldError {
            field,
            part: part.to_owned(),
            flaw,
        };
        let mut bits = 0;
        // As in version 2, a comma too many does no harm.
        for part in text.split(',').filter(|part| !part.is_empty()) {
            bits |= part_bits(field, part).map_err(|flaw| at(part, flaw))?;
        }
        if bits == 0 {
            return Err(at(text, Flaw::Nothing));
        }
        Ok(Self {
            bits,
            starred: text.contains(['*', '?']),
            stepped: text.contains('/'),
        })
    }

    pub(super) fn bits(self) -> u64 {
        self.bits
    }

    pub(super) fn list(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |value| self.bits >> value & 1 == 1)
    }
}

fn part_bits(field: Field, part: &str) -> Result<u64, Flaw> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(read_step(step)?)),
        None => (part, None),
    };
    let (min, max) = field.bounds();
    let (low, high) = match range.split_once('-') {
        _ if range == "*" || range == "?" => (min, max),
        Some((low, high)) => (number(field, low)?, number(field, high)?),
        None => {
            let low = number(field, range)?;
            // `5/15` means from 5 on, every 15.
            (low, if step.is_some() { max } else { low })
        }
    };
    if low > high {
        return Err(Flaw::Backwards);
    }
    let values = (low..=high).step_by(step.unwrap_or(1));
    Ok(values.fold(0, |bits, value| bits | 1 << value))
}

fn number(field: Field, text: &str) -> Result<u32, Flaw> {
    let (min, max) = field.bounds();
    let named = (min..=max)
        .zip(field.names())
        .find(|(_, name)| name.eq_ignore_ascii_case(text));
    if let Some((value, _)) = named {
        return Ok(value);
    }
    if text.is_empty() {
        return Err(Flaw::Missing);
    }
    if !is_digits(text) {
        return Err(Flaw::NotANumber {
            text: text.to_owned(),
        });
    }
    // Digits are no number only when there are too many of them.
    text.parse()
        .ok()
        .filter(|value| (min..=max).contains(value))
        .ok_or_else(|| Flaw::Outside {
            number: text.to_owned(),
        })
}

/// A step may be wider than the field; then only the first value is left.
fn read_step(text: &str) -> Result<usize, Flaw> {
    Some(text)
        .filter(|text| is_digits(text))
        .and_then(|text| text.parse().ok())
        .filter(|step| *step > 0)
        .ok_or_else(|| Flaw::Step {
            text: text.to_owned(),
        })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
