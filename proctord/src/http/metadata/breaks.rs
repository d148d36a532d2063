//! Schedules that a document breaks: those of the same proc whose args it does not take.

use proctor_api::{BrokenSchedule, Metadata};
use tracing::warn;

use crate::app::App;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Schedule, ScheduleId};
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::store::StoreError;
use crate::submission::args_mistakes;
use crate::telemetry::chain;

/// The schedules that these documents break and that go on as far as is known.
pub(super) async fn broken_by(
    app: &App,
    procs: &[(ProcName, Metadata)],
) -> Result<Vec<BrokenSchedule>, StoreError> {
    let mut broken = Vec::new();
    for (name, metadata) in procs {
        for schedule in app.store.schedules(Some(name)).await? {
            broken.extend(broken_one(metadata, schedule));
        }
    }
    Ok(broken)
}

/// What is to be told of a schedule if a document breaks it.
fn broken_one(metadata: &Metadata, schedule: Schedule) -> Option<BrokenSchedule> {
    let mistakes = args_mistakes(metadata, &schedule.definition.args);
    // One without moments to come has nothing to lose.
    let is_broken = !mistakes.is_empty() && (schedule.paused || schedule.next_at.is_some());
    is_broken.then(|| BrokenSchedule {
        id: schedule.id.into(),
        job_name: schedule.definition.proc_name.to_string(),
        user_email: schedule.owner,
        mistakes,
    })
}

/// Looks again at a schedule that was just stored. A document may have been published after this schedule was held against
/// the one before, and before its publisher could see it: then it is held, as it would have been by that.
pub(in crate::http) async fn look_again(
    app: &App,
    access: &Access,
    schedule: Schedule,
) -> Result<Schedule, ApiError> {
    let (id, name) = (schedule.id, &schedule.definition.proc_name);
    // It is stored, so this is no mistake of the request; whether it fits is looked at when it fires as well.
    let metadata = match app.catalog.proc(name).await {
        Ok(metadata) => metadata,
        Err(error) => {
            warn!(schedule.id = %id, error = chain(&error), "a new schedule is not held against its proc again");
            None
        }
    };
    let Some(metadata) = metadata else {
        return Ok(schedule);
    };
    let Some(broken) = broken_one(&metadata, schedule.clone()) else {
        return Ok(schedule);
    };
    hold(app, access, &[broken]).await?;
    Ok(app.store.schedule(id).await?.unwrap_or(schedule))
}

/// Holds them, each with a notice that says what does not fit.
pub(super) async fn hold(
    app: &App,
    access: &Access,
    broken: &[BrokenSchedule],
) -> Result<(), ApiError> {
    if broken.is_empty() {
        return Ok(());
    }
    let notices = broken.iter().filter_map(|schedule| {
        let id = ScheduleId::try_from(schedule.id).ok()?;
        let mistakes: Vec<_> = schedule.mistakes.iter().map(ToString::to_string).collect();
        let by = match access.asker.email.as_str() {
            "" => String::new(),
            email => format!(" by {email}"),
        };
        let notice = format!(
            "held: its args do not fit the proc that was published{by}: {}",
            mistakes.join("; ")
        );
        Some((id, notice))
    });
    let notices: Vec<_> = notices.collect();
    let audit = access.audit("schedule.hold", "");
    Ok(app.store.hold_schedules(&notices, audit).await?)
}
