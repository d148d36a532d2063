//! Why a text is no expression, in words for the person who wrote it.

use std::fmt;

use croner::errors::CronError;

use super::field::Field;

/// Why a text is no expression.
#[derive(Debug, thiserror::Error)]
pub enum ExpressionError {
    #[error(
        "`{text}` has {count} fields; there are five (minute, hour, day of month, month, day of week), of which the last may be left out"
    )]
    FieldCount { text: String, count: usize },
    #[error(
        "`{0}` has six fields, but seconds are not taken: write minute, hour, day of month, month, day of week"
    )]
    Seconds(String),
    #[error("`{0}` names a time zone; it belongs to the schedule, not into the expression")]
    TimeZone(String),
    #[error(
        "`{0}` is not taken, since it would count from whenever the service was started; `*/15 * * * *` is every 15 minutes"
    )]
    Every(String),
    #[error(
        "`{0}` is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"
    )]
    UnknownNickname(String),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(
        "no year has such a day: no month of the month field has a day of the day of month field"
    )]
    Never,
    #[error("`{0}` does not begin with the second 0, as what version 2 has stored does")]
    NotStored(String),
    #[error("the matcher does not take the expression")]
    Pattern {
        #[source]
        source: CronError,
    },
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: Field,
    /// What stands between two commas.
    pub part: String,
    pub flaw: Flaw,
}

/// What is wrong with a part of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// A number that the field does not have.
    Outside { number: String },
    /// Neither a number nor one of the field's names.
    NotANumber { text: String },
    /// A range or a step with a side that is empty.
    Missing,
    /// A range whose first end is the greater one.
    Backwards,
    /// A step that is not a positive number.
    Step { text: String },
    /// Nothing but commas.
    Nothing,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, part, flaw } = self;
        let values = Values(*field);
        write!(f, "{field}: ")?;
        match flaw {
            Flaw::Outside { number } => {
                let (min, max) = field.bounds();
                write!(
                    f,
                    "{number}{} is not between {min} and {max}",
                    within(part, number)
                )?;
                if *field == Field::DayOfWeek {
                    f.write_str("; Sunday is 0")?;
                }
                Ok(())
            }
            Flaw::NotANumber { text } => {
                write!(f, "`{text}`{} is not {values}", within(part, text))
            }
            Flaw::Missing => write!(f, "`{part}` lacks {values}"),
            Flaw::Backwards => write!(
                f,
                "`{part}` runs backwards; a range begins with the lower of two, each {values}"
            ),
            Flaw::Step { text } => write!(
                f,
                "the step `{text}` in `{part}` is not a whole number of 1 or more"
            ),
            Flaw::Nothing => write!(f, "`{part}` is a list without {values}"),
        }
    }
}

impl std::error::Error for FieldError {}

/// Where a text stands, if it is not the whole part.
fn within(part: &str, text: &str) -> String {
    if part == text {
        String::new()
    } else {
        format!(" in `{part}`")
    }
}

/// What a field allows, in words.
struct Values(Field);

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = self.0.bounds();
        write!(f, "a number between {min} and {max}")?;
        match self.0.names() {
            [first, .., last] => write!(f, " or a name from {first} to {last}"),
            _ => Ok(()),
        }
    }
}
