//! What can be typed about the audit trail.

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use crate::cli::OutputArgs;

#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only what this user did
    #[arg(long, value_name = "EMAIL")]
    pub who: Option<String>,
    /// Only this action, such as metadata.publish or access.refused
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only what was done to this: a proc's name, PROC/SECRET, the id of an execution
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Only what came from this address
    #[arg(long, value_name = "ADDRESS")]
    pub source: Option<String>,
    /// Only what went like this
    #[arg(long, value_enum, value_name = "RESULT")]
    pub result: Option<AuditResult>,
    /// Only from then on: a time as 2026-01-31T12:00:00Z, or how long ago, as 30m or 2h
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub since: Option<Timestamp>,
    /// Only before then
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub until: Option<Timestamp>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How something went that was audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditResult {
    /// About to be done
    Begun,
    Done,
    Refused,
    Failed,
}

impl AuditResult {
    /// As the service calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// A time, or how long ago it was.
fn parse_moment(word: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = word.parse() {
        return Ok(moment);
    }
    let ago: Option<SignedDuration> = word.parse().ok();
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok())
        .ok_or_else(|| "not a time such as 2026-01-31T12:00:00Z, 30m or 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::parse_moment;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago_it_was() {
        let exact = "2026-01-31T12:00:00Z";
        assert_eq!(parse_moment(exact).unwrap().to_string(), exact);
        let before = Timestamp::now();
        let ago = before - parse_moment("2h").unwrap();
        let ago = SignedDuration::try_from(ago).unwrap();
        assert!(ago <= SignedDuration::from_hours(2), "{ago}");
        assert!(ago > SignedDuration::from_mins(119), "{ago}");
        for word in ["", "today", "12", "99999999999h"] {
            assert!(parse_moment(word).is_err(), "{word}");
        }
    }
}
