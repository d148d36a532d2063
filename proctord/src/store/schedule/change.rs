//! What a person's change makes of a schedule: from now on it is another one, and what it was until now is covered.

use jiff::Timestamp;
use proctor_api::Why;

use super::{ImportedSchedule, NewSchedule};
use crate::domain::schedule::{Held, Schedule, ScheduleId, Stretch, close, due_at};
use crate::store::StoreError;
use crate::store::time::truncated;

/// What somebody wants of a schedule.
#[derive(Debug, Clone)]
pub(in crate::store) enum Wish {
    Change(Box<NewSchedule>),
    Pause,
    Resume,
    Remove,
    Hold(String),
}

/// A schedule as it is to be, and the moments that are covered by that.
pub(in crate::store) struct Changed {
    pub schedule: Schedule,
    pub stretch: Option<Stretch>,
}

/// A schedule that begins now.
pub(in crate::store) fn fresh(
    id: ScheduleId,
    new: &NewSchedule,
    now: Timestamp,
) -> Result<Schedule, StoreError> {
    let now = truncated(now);
    let mut schedule = Schedule {
        id,
        version: 1,
        definition: new.definition.clone(),
        owner: new.owner.clone(),
        paused: new.paused,
        held: None,
        covered_until: now,
        next_at: None,
        created_at: now,
        updated_at: now,
        removed_at: None,
    };
    schedule.next_at = next_of(&schedule)?;
    Ok(schedule)
}

/// A schedule of version 2 that begins here now.
pub(in crate::store) fn imported(
    id: ScheduleId,
    imported: &ImportedSchedule,
    now: Timestamp,
) -> Result<Schedule, StoreError> {
    let mut schedule = fresh(id, &imported.new, now)?;
    if let Some(created_at) = imported.created_at {
        schedule.created_at = truncated(created_at.min(now));
    }
    Ok(schedule)
}

/// The schedule as the wish has it; `None` if it is that already.
pub(in crate::store) fn apply(
    before: &Schedule,
    wish: Wish,
    now: Timestamp,
) -> Result<Option<Changed>, StoreError> {
    let now = truncated(now);
    let is_idle = match &wish {
        Wish::Pause => before.paused,
        Wish::Resume => !before.paused && before.held.is_none(),
        Wish::Change(_) | Wish::Remove | Wish::Hold(_) => false,
    };
    if is_idle {
        return Ok(None);
    }
    let why = match (&wish, &before.held) {
        _ if before.paused => Why::Paused,
        (_, Some(_)) => Why::Held,
        (Wish::Pause, None) => Why::Paused,
        (Wish::Hold(_), None) => Why::Held,
        (Wish::Change(_) | Wish::Resume | Wish::Remove, None) => Why::Changed,
    };
    let moments = moments_of(before)?;
    let mut schedule = before.clone();
    schedule.version += 1;
    schedule.covered_until = before.covered_until.max(now);
    schedule.updated_at = now;
    match wish {
        Wish::Change(new) => {
            schedule.definition = new.definition;
            schedule.owner = new.owner;
            schedule.paused = new.paused;
            schedule.held = None;
        }
        Wish::Pause => schedule.paused = true,
        Wish::Resume => {
            schedule.paused = false;
            schedule.held = None;
        }
        Wish::Remove => schedule.removed_at = Some(now),
        Wish::Hold(notice) => schedule.held = Some(Held::ByDocument(notice)),
    }
    schedule.next_at = next_of(&schedule)?;
    Ok(Some(Changed {
        schedule,
        stretch: close(&moments, before.covered_until, now, why),
    }))
}

/// When there is something to be done about it.
fn next_of(schedule: &Schedule) -> Result<Option<Timestamp>, StoreError> {
    if schedule.paused || schedule.removed_at.is_some() {
        return Ok(None);
    }
    let next = moments_of(schedule)?.next_after(schedule.covered_until);
    Ok(next.map(|moment| due_at(schedule.id, &schedule.definition, moment.instant)))
}

fn moments_of(schedule: &Schedule) -> Result<proctor_cron::Schedule, StoreError> {
    let moments = schedule.definition.moments();
    moments.map_err(|error| StoreError::damaged(format!("schedule {}", schedule.id), error))
}
