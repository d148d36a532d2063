//! What the owner of a schedule decides: what runs, when, and what becomes of moments that were missed or overlap. It
//! is stored as it stands here, and reads back only if its times still do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proctor_api::{Misfire, NotifyOn, Overlap};
use proctor_cron::{Expression, Window, time_zone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::execution::{self, MailOrder};
use crate::domain::name::ProcName;

use super::ScheduleId;

/// The longest that a firing may be put off, in seconds: a day.
pub const JITTER_LIMIT: u32 = 24 * 60 * 60;
/// The longest that a moment may be late and not count as missed, in seconds: a day.
pub const MISFIRE_AFTER_LIMIT: u32 = 24 * 60 * 60;

/// What a schedule is, as its owner has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    pub proc_name: ProcName,
    /// As they were given; they are checked against the proc each time.
    pub args: BTreeMap<String, String>,
    pub tags: String,
    pub group: String,
    /// Who is told how an execution ended.
    pub emails: Vec<String>,
    pub timing: Timing,
    /// An IANA name.
    pub time_zone: String,
    pub overlap: Overlap,
    pub misfire: MisfireRule,
    /// How many seconds late a moment is before it counts as missed.
    pub misfire_after: u32,
    /// How many seconds after its moment a firing starts at most.
    pub jitter_seconds: u32,
    pub notify_on: NotifyOn,
}

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    Cron {
        /// As version 2 stores it, with the second in front.
        stored: String,
        not_before: Option<Timestamp>,
        not_after: Option<Timestamp>,
    },
    Once(Timestamp),
}

/// What becomes of moments that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MisfireRule {
    Skip,
    Once,
    /// The newest fire, so many of them.
    All(u32),
}

/// What is stored as a schedule's times cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("its times cannot be read: {0}")]
pub struct Unreadable(String);

impl MisfireRule {
    /// The most missed moments that fire.
    pub const LIMIT: u32 = 100;

    /// How many of the missed moments fire.
    #[must_use]
    pub fn keeps(self) -> u64 {
        match self {
            Self::Skip => 0,
            Self::Once => 1,
            Self::All(limit) => limit.into(),
        }
    }

    pub(super) fn to_api(self) -> (Misfire, Option<u32>) {
        match self {
            Self::Skip => (Misfire::Skip, None),
            Self::Once => (Misfire::Once, None),
            Self::All(limit) => (Misfire::All, Some(limit)),
        }
    }
}

impl Definition {
    /// The moments that it has.
    ///
    /// # Errors
    /// What was stored is not what is read here.
    pub fn moments(&self) -> Result<proctor_cron::Schedule, Unreadable> {
        let zone = time_zone(&self.time_zone).map_err(|error| Unreadable(error.to_string()))?;
        match &self.timing {
            Timing::Once(at) => Ok(proctor_cron::Schedule::once(*at, zone)),
            Timing::Cron {
                stored,
                not_before,
                not_after,
            } => {
                let expression = Expression::from_stored(stored)
                    .map_err(|error| Unreadable(error.to_string()))?;
                let window = Window::new(*not_before, *not_after)
                    .map_err(|error| Unreadable(error.to_string()))?;
                Ok(proctor_cron::Schedule::recurring(expression, zone, window))
            }
        }
    }

    /// What two schedules of one proc have in common that would run the same.
    #[must_use]
    pub fn args_digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, value) in &self.args {
            for text in [name, value] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
        let digest = hash.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whom its executions tell of their ends.
    #[must_use]
    pub fn mail_order(&self, id: ScheduleId) -> MailOrder {
        MailOrder {
            to: self.emails.clone(),
            on: match self.notify_on {
                NotifyOn::Always => execution::NotifyOn::Always,
                NotifyOn::Failure => execution::NotifyOn::Failure,
            },
            schedule: Some(id.into()),
        }
    }
}
