//! Routes of schedules, one file per action, and what they share: how one is found, who may see it, and what a request
//! for one must be.

mod change;
mod create;
mod firings;
mod list;
mod next;
mod pause;
mod remove;
mod resume;
mod run;
mod show;
mod wanted;

pub(super) use change::change;
pub(super) use create::create;
pub(super) use firings::firings;
pub(super) use list::list;
pub(super) use next::next;
pub(super) use pause::pause;
pub(super) use remove::remove;
pub(super) use resume::resume;
pub(super) use run::run;
pub(super) use show::show;

use std::collections::BTreeMap;

use super::access::Access;
use super::error::ApiError;
use crate::app::App;
use crate::domain::schedule::{Schedule, ScheduleId};

/// The Go system's text for an id that is none.
const NO_ID: &str = "Failed to translate path parameter to uint64";

/// The schedule, if there is one and the asker may see it.
async fn find(app: &App, access: &Access, id: &str) -> Result<Schedule, ApiError> {
    let found = find_ever(app, access, id).await?;
    match found.removed_at {
        None => Ok(found),
        Some(_) => Err(ApiError::UnknownSchedule(id.to_owned())),
    }
}

/// As `find`, also if it was removed.
async fn find_ever(app: &App, access: &Access, text: &str) -> Result<Schedule, ApiError> {
    let schedule = look_up(app, text).await?;
    let schedule = schedule.ok_or_else(|| ApiError::UnknownSchedule(text.to_owned()))?;
    check(app, access, &schedule).await?;
    Ok(schedule)
}

/// The schedule of this id, or the one that had it in version 2, where most ids are too large to be ours.
async fn look_up(app: &App, text: &str) -> Result<Option<Schedule>, ApiError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let v2_id = text.parse::<u64>().ok().filter(|_| is_number);
    match (text.parse::<ScheduleId>(), v2_id) {
        (Ok(id), _) => match (app.store.schedule(id).await?, v2_id) {
            (None, Some(v2_id)) => Ok(app.store.schedule_of_v2(v2_id).await?),
            (found, _) => Ok(found),
        },
        (Err(_), Some(v2_id)) if v2_id > 0 => Ok(app.store.schedule_of_v2(v2_id).await?),
        (Err(error), _) => Err(ApiError::Unreadable {
            detail: format!("the schedule id {text:?} {error}"),
            plain: NO_ID,
        }),
    }
}

/// Asks the policy about a schedule: it takes the groups that its proc has today. If that is gone, nobody but its owner
/// and admins may see it.
async fn check(app: &App, access: &Access, schedule: &Schedule) -> Result<(), ApiError> {
    if !access.looks_at_groups() {
        return Ok(());
    }
    match app.catalog.proc(&schedule.definition.proc_name).await? {
        Some(metadata) => access.check(&metadata.authorized_groups).await,
        None if is_own(access, schedule) => Ok(()),
        None => Err(ApiError::Forbidden),
    }
}

fn is_own(access: &Access, schedule: &Schedule) -> bool {
    access.is_admin() || access.asker.email == schedule.owner
}

/// Those of these that the asker may see.
async fn permitted(
    app: &App,
    access: &Access,
    schedules: Vec<Schedule>,
) -> Result<Vec<Schedule>, ApiError> {
    if !access.looks_at_groups() {
        return Ok(schedules);
    }
    let procs = app.catalog.procs().await?.into_iter();
    let groups: BTreeMap<_, _> = procs
        .map(|metadata| (metadata.name, metadata.authorized_groups))
        .collect();
    let mut permitted = Vec::new();
    for schedule in schedules {
        let is_permitted = match groups.get(schedule.definition.proc_name.as_str()) {
            Some(groups) => access.permits(groups).await?,
            None => is_own(access, &schedule),
        };
        if is_permitted {
            permitted.push(schedule);
        }
    }
    Ok(permitted)
}
