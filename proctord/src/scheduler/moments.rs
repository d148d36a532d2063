//! The moments of schedules, worked out once for each version of one: an expression takes longer to read than to ask.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::schedule::{Schedule, ScheduleId, Unreadable};

/// The most schedules whose moments are known at a time; then all are forgotten.
const LIMIT: usize = 50_000;

#[derive(Default)]
pub(super) struct KnownMoments {
    known: Mutex<HashMap<ScheduleId, (i64, proctor_cron::Schedule)>>,
}

impl KnownMoments {
    /// The moments of a schedule.
    pub(super) fn of(&self, schedule: &Schedule) -> Result<proctor_cron::Schedule, Unreadable> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&schedule.id) {
            Some((version, moments)) if *version == schedule.version => Ok(moments.clone()),
            _ => {
                let moments = schedule.definition.moments()?;
                if known.len() >= LIMIT {
                    known.clear();
                }
                known.insert(schedule.id, (schedule.version, moments.clone()));
                Ok(moments)
            }
        }
    }
}
