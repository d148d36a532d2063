//! A cron expression: version 2's dialect, and the names for common ones (`@daily`). Owns what can be written and what
//! it matches on a calendar without time zones; what daylight saving does to that is the schedule's.

mod error;
mod field;
mod fields;
mod nickname;
mod pattern;

use std::fmt;
use std::str::FromStr;

pub use error::{ExpressionError, FieldError, Flaw};
pub use field::Field;
use fields::Fields;
pub(crate) use pattern::Pattern;

/// What version 2 puts before an expression when it stores it: the second at which it fires.
const STORED_SECONDS: &str = "0 ";

/// A cron expression that matches at least now and then.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    stored: String,
    kind: Kind,
    pattern: Pattern,
}

/// How an expression takes a change of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Minute or hour have `*`, `?` or `/`: it follows real time, whatever the clock shows.
    Interval,
    /// Minutes and hours are named: each local time fires once a day, however the clock changes.
    Fixed,
}

impl Expression {
    /// Reads what a user has written.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let plain = nickname::expand(text)?.unwrap_or(text);
        let fields = Fields::parse(plain)?;
        if !fields.can_match() {
            return Err(ExpressionError::Never);
        }
        let pattern =
            Pattern::new(&fields).map_err(|source| ExpressionError::Pattern { source })?;
        Ok(Self {
            text: text.to_owned(),
            stored: format!("{STORED_SECONDS}{plain}"),
            kind: fields.kind(),
            pattern,
        })
    }

    /// Reads what version 2 has stored.
    pub fn from_stored(text: &str) -> Result<Self, ExpressionError> {
        let written = text
            .strip_prefix(STORED_SECONDS)
            .ok_or_else(|| ExpressionError::NotStored(text.to_owned()))?;
        Self::parse(written)
    }

    /// As version 2 stores and answers it, with the second in front. A nickname is written out.
    pub fn stored(&self) -> &str {
        &self.stored
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

/// As the user wrote it.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
