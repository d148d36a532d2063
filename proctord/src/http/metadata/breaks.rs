//! Schedules that a document about to be published would break: those of the same proc whose args it does not take.

use proctor_api::{BrokenSchedule, Metadata};

use crate::app::App;
use crate::domain::name::ProcName;
use crate::domain::schedule::ScheduleId;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::store::StoreError;
use crate::submission::args_mistakes;

/// The schedules that these documents break and that go on as far as is known.
pub(super) async fn broken_by(
    app: &App,
    procs: &[(ProcName, Metadata)],
) -> Result<Vec<BrokenSchedule>, StoreError> {
    let mut broken = Vec::new();
    for (name, metadata) in procs {
        for schedule in app.store.schedules(Some(name)).await? {
            let mistakes = args_mistakes(metadata, &schedule.definition.args);
            // One without moments to come has nothing to lose.
            if !mistakes.is_empty() && (schedule.paused || schedule.next_at.is_some()) {
                broken.push(BrokenSchedule {
                    id: schedule.id.into(),
                    job_name: name.to_string(),
                    user_email: schedule.owner,
                    mistakes,
                });
            }
        }
    }
    Ok(broken)
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
