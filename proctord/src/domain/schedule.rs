//! The record of a schedule: what runs when, for whom, and how far its moments are accounted for. What becomes of due
//! moments is decided in `decision`, what a request for one must be in `request`.

mod decision;
mod definition;
mod id;
mod request;

use jiff::Timestamp;
use proctor_api::NextMoment;
use proctor_cron::{DaylightSaving, Moment};

pub use decision::{Cover, Decision, Gate, Situation, Stretch, close, decide, due_at};
pub use definition::{
    Definition, JITTER_LIMIT, MISFIRE_AFTER_LIMIT, MisfireRule, Timing, Unreadable,
};
pub use id::ScheduleId;
pub use request::{Refusal, read as read_request};

/// Whom scheduled executions run as, as in version 2. What they may do hangs on their owner.
pub const RUN_AS: &str = "worker@proctor";

/// A schedule as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    /// Grows with each change that a person makes; firing does not change it.
    pub version: i64,
    pub definition: Definition,
    /// Who created it or changed it last.
    pub owner: String,
    pub paused: bool,
    pub held: Option<Held>,
    /// Every moment up to this one is accounted for.
    pub covered_until: Timestamp,
    /// When something is to be done about it next; none if there are no more moments, or while it is paused.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Since when it is no more than its firings.
    pub removed_at: Option<Timestamp>,
}

/// Why a schedule does not fire though nobody paused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Its proc was published though its args do not fit any more; it goes on when it is changed or resumed.
    ByDocument(String),
    /// Nobody knows any more what its owner may do; it goes on when that is known.
    ByOwner(String),
}

impl Held {
    /// As people read it.
    #[must_use]
    pub fn notice(&self) -> &str {
        match self {
            Self::ByDocument(notice) | Self::ByOwner(notice) => notice,
        }
    }

    /// The name of its kind in stores.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ByDocument(_) => "document",
            Self::ByOwner(_) => "owner",
        }
    }

    /// What a store has kept; `None` if there is no such kind.
    #[must_use]
    pub fn of_kind(kind: &str, notice: String) -> Option<Self> {
        match kind {
            "document" => Some(Self::ByDocument(notice)),
            "owner" => Some(Self::ByOwner(notice)),
            _ => None,
        }
    }
}

impl Schedule {
    /// The schedule as it appears on the wire.
    #[must_use]
    pub fn to_api(&self) -> proctor_api::Schedule {
        let definition = &self.definition;
        let (cron, not_before, not_after, at) = match &definition.timing {
            Timing::Cron {
                stored,
                not_before,
                not_after,
            } => (stored.clone(), *not_before, *not_after, None),
            Timing::Once(at) => (String::new(), None, None, Some(*at)),
        };
        let (misfire, misfire_limit) = definition.misfire.to_api();
        proctor_api::Schedule {
            id: self.id.into(),
            job_name: definition.proc_name.to_string(),
            args: definition.args.clone(),
            tags: definition.tags.clone(),
            cron,
            notification_emails: definition.emails.join(","),
            user_email: self.owner.clone(),
            group: definition.group.clone(),
            enabled: !self.paused,
            created_at: self.created_at,
            updated_at: self.updated_at,
            time_zone: definition.time_zone.clone(),
            overlap: definition.overlap,
            misfire,
            misfire_limit,
            misfire_after: definition.misfire_after,
            jitter_seconds: definition.jitter_seconds,
            not_before,
            not_after,
            at,
            notify_on: definition.notify_on,
            paused: self.paused,
            held: self.held.as_ref().map(|held| held.notice().to_owned()),
            next_at: self.next_at,
            next: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// A moment as it appears on the wire.
#[must_use]
pub fn moment_to_api(moment: &Moment) -> NextMoment {
    let daylight_saving = match moment.daylight_saving {
        DaylightSaving::Unaffected => None,
        DaylightSaving::Moved { from } => Some(proctor_api::DaylightSaving::Skipped { from }),
        DaylightSaving::FirstPass => Some(proctor_api::DaylightSaving::Doubled { pass: 1 }),
        DaylightSaving::SecondPass => Some(proctor_api::DaylightSaving::Doubled { pass: 2 }),
    };
    NextMoment {
        at: moment.instant,
        local: moment.local,
        offset_seconds: moment.offset.seconds(),
        daylight_saving,
    }
}
