//! Schedules on the wire: what asks for one, what is told about it, and what became of its moments. Names that the Go
//! system had are written as it wrote them; what is new is optional.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::{Mistake, Status};

/// Body of `POST /schedule` and `PUT /schedule/{id}`. Whoever asks is the owner; an `id`, an address or times that the
/// body names are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRequest {
    /// The proc to run.
    #[serde(rename = "jobName", default)]
    pub job_name: String,
    /// Values by arg name; `null` means none.
    #[serde(default)]
    pub args: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub tags: String,
    /// Five fields, or four without the day of week, or a name such as `@daily`; empty if there is an `at`.
    #[serde(default)]
    pub cron: String,
    /// Addresses with commas between them.
    #[serde(rename = "notificationEmails", default)]
    pub notification_emails: String,
    #[serde(default)]
    pub group: String,
    /// `false` means that it is paused from the start; absent means that it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// An IANA name; absent means the service's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What becomes of a moment while an execution of the schedule is live; absent means `allow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// What becomes of moments that were missed; absent means `once`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfire: Option<Misfire>,
    /// How many of the missed moments fire with `all`, the newest; from 1 to 100, which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfire_limit: Option<u32>,
    /// How many seconds late a moment is before it counts as missed; absent means 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfire_after: Option<u32>,
    /// How many seconds after its moment a firing starts at most; absent means 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_seconds: Option<u32>,
    /// There are no moments before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// There are no moments after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// The one moment of a schedule that has no cron expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// After which ends a mail is sent; absent means `always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_on: Option<NotifyOn>,
}

/// A schedule, as every route tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Below 2^53, and never an execution's.
    pub id: u64,
    /// The proc's name.
    #[serde(rename = "jobName")]
    pub job_name: String,
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    pub tags: String,
    /// As the Go system answered it, with the second in front: `0 30 9 * * mon-fri`. Empty if there is an `at`.
    pub cron: String,
    /// Addresses with commas between them.
    #[serde(rename = "notificationEmails")]
    pub notification_emails: String,
    /// Its owner.
    #[serde(rename = "userEmail")]
    pub user_email: String,
    pub group: String,
    /// The opposite of `paused`.
    pub enabled: bool,
    #[serde(rename = "createdAt")]
    pub created_at: Timestamp,
    #[serde(rename = "updatedAt")]
    pub updated_at: Timestamp,
    /// What follows is absent from answers of the Go system.
    #[serde(default = "utc")]
    pub time_zone: String,
    #[serde(default)]
    pub overlap: Overlap,
    #[serde(default)]
    pub misfire: Misfire,
    /// Only with `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfire_limit: Option<u32>,
    #[serde(default = "misfire_after")]
    pub misfire_after: u32,
    #[serde(default)]
    pub jitter_seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default)]
    pub notify_on: NotifyOn,
    /// Nothing fires until it is resumed.
    #[serde(default)]
    pub paused: bool,
    /// In words, why it does not fire though nobody paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// The next moment; absent if there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The next moments; only where a schedule is created or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextMoment>,
    /// What its owner should know; only where a schedule is created or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn misfire_after() -> u32 {
    60
}

/// What becomes of a moment while an execution of the schedule is live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It fires all the same.
    #[default]
    Allow,
    /// It does not fire.
    Forbid,
    /// The one that is live is asked to stop, and it fires.
    Replace,
}

/// What becomes of moments that were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfire {
    /// None of them fires.
    Skip,
    /// The latest fires.
    #[default]
    Once,
    /// The newest of them fire, as many as `misfire_limit` says.
    All,
}

/// After which ends a mail is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyOn {
    #[default]
    Always,
    /// After every end but SUCCEEDED.
    Failure,
}

/// Answer of `GET /schedule/{id}/next`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextMoments {
    pub time_zone: String,
    pub moments: Vec<NextMoment>,
    /// None of them fires until it is resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Why it is held; none of them fires meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// A moment to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextMoment {
    pub at: Timestamp,
    /// What the clock shows then in the schedule's time zone.
    pub local: DateTime,
    /// How far that clock is from UTC, in seconds.
    pub offset_seconds: i32,
    /// What a change of the clock does to it; absent if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daylight_saving: Option<DaylightSaving>,
}

/// What a change of the clock does to a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DaylightSaving {
    /// The clock leaves the local time out that was meant, `from`; it fires at the first minute after the gap.
    Skipped { from: DateTime },
    /// The clock shows this local time twice, and this is the first or the second time.
    Doubled { pass: u8 },
}

/// Answer of `GET /schedule/{id}/firings`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiringPage {
    pub firings: Vec<Firing>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What became of one moment, or of several that have the same fate. Each moment of a schedule is in exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Firing {
    /// This moment has an execution.
    Fired {
        moment: Timestamp,
        /// When the execution was accepted.
        fired_at: Timestamp,
        execution_id: u64,
        /// Where the execution stands; absent if it is not kept any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
    },
    /// These moments have none.
    Stretch {
        /// The first of them.
        from: Timestamp,
        /// The last of them.
        to: Timestamp,
        count: u64,
        why: Why,
    },
    /// Somebody ran the schedule by hand; that is no moment of it.
    Run {
        fired_at: Timestamp,
        execution_id: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
    },
}

/// Why moments have no execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The schedule was paused.
    Paused,
    /// An execution of the schedule was live, and `overlap` is `forbid`.
    Overlap,
    /// They were noticed too late, and `misfire` lets others fire or none.
    Downtime,
    /// Due moments were held after a restore, or the schedule was held; its notice said why.
    Held,
    /// The schedule was changed or removed before they fired.
    Changed,
}

impl Why {
    /// Every reason, in the order in which texts name them.
    pub const ALL: [Self; 5] = [
        Self::Paused,
        Self::Overlap,
        Self::Downtime,
        Self::Held,
        Self::Changed,
    ];

    /// The name on the wire and in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Overlap => "overlap",
            Self::Downtime => "downtime",
            Self::Held => "held",
            Self::Changed => "changed",
        }
    }
}

/// A schedule that a document about to be published would break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenSchedule {
    pub id: u64,
    #[serde(rename = "jobName")]
    pub job_name: String,
    #[serde(rename = "userEmail")]
    pub user_email: String,
    pub mistakes: Vec<Mistake>,
}
