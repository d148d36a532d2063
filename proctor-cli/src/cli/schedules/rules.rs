//! The flags that say when a schedule fires and what becomes of its moments: the same where one is made and changed.

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use proctor_api::{Misfire, NotifyOn, Overlap};

use crate::cli::executions::parse_grace;
use crate::cli::schedules::value::{self, When};

/// When a schedule fires, and what becomes of its moments.
#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Moments")]
pub struct RuleArgs {
    /// Minute, hour, day of month, month and day of week, as `30 9 * * mon-fri`, or a name such as @daily
    #[arg(short, long, value_name = "CRON", value_parser = value::cron)]
    pub cron: Option<String>,
    /// Fire once, then: a time as 2026-12-24T18:00:00Z, or 2026-12-24T18:00 with --time-zone
    #[arg(long, value_name = "TIME", value_parser = value::when, conflicts_with_all = ["cron", "not_before", "not_after"])]
    pub at: Option<When>,
    /// Time zone by its IANA name, such as Europe/Berlin [the service's if never given]
    #[arg(long, value_name = "ZONE", value_parser = value::zone)]
    pub time_zone: Option<TimeZone>,
    /// There are no moments before then; a time as for --at
    #[arg(long, value_name = "TIME", value_parser = value::when)]
    pub not_before: Option<When>,
    /// There are no moments after then
    #[arg(long, value_name = "TIME", value_parser = value::when)]
    pub not_after: Option<When>,
    /// What becomes of a moment while an execution of the schedule is live [allow if never given]
    #[arg(long, value_enum, value_name = "RULE")]
    pub overlap: Option<OverlapRule>,
    /// What becomes of moments that were missed [once if never given]
    #[arg(long, value_enum, value_name = "RULE")]
    pub misfire: Option<MisfireRule>,
    /// How many of the missed moments fire with `--misfire all`, the newest; at most 100
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub misfire_limit: Option<u32>,
    /// How late a moment may be before it is missed, as `60`, `60s` or `2m` [60s if never given]
    #[arg(long, value_name = "TIME", value_parser = value::misfire_after)]
    pub misfire_after: Option<u32>,
    /// Start each run up to so much later than its moment, as `30`, `30s` or `2m`
    #[arg(long, value_name = "TIME", value_parser = parse_grace)]
    pub jitter: Option<u32>,
    /// After which ends a mail is sent [always if never given]
    #[arg(long, value_enum, value_name = "ENDS")]
    pub notify_on: Option<NotifyRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OverlapRule {
    /// It fires all the same
    Allow,
    /// It does not fire
    Forbid,
    /// The live one is asked to stop
    Replace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MisfireRule {
    /// None fires
    Skip,
    /// The latest fires
    Once,
    /// The newest fire, as many as --misfire-limit
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NotifyRule {
    Always,
    /// After every end but success
    Failure,
}

impl From<OverlapRule> for Overlap {
    fn from(rule: OverlapRule) -> Self {
        match rule {
            OverlapRule::Allow => Self::Allow,
            OverlapRule::Forbid => Self::Forbid,
            OverlapRule::Replace => Self::Replace,
        }
    }
}

impl From<MisfireRule> for Misfire {
    fn from(rule: MisfireRule) -> Self {
        match rule {
            MisfireRule::Skip => Self::Skip,
            MisfireRule::Once => Self::Once,
            MisfireRule::All => Self::All,
        }
    }
}

impl From<NotifyRule> for NotifyOn {
    fn from(rule: NotifyRule) -> Self {
        match rule {
            NotifyRule::Always => Self::Always,
            NotifyRule::Failure => Self::Failure,
        }
    }
}
