//! A request for a schedule, held against what is published, and the answer to one that was stored.

use jiff::Timestamp;
use proctor_api::ScheduleRequest;

use crate::app::App;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Refusal, Schedule, moment_to_api, read_request};
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::store::NewSchedule;
use crate::submission::args_mistakes;

/// How many moments to come an answer shows.
const NEXT_MOMENTS: usize = 5;

/// What is to be stored, in the order of version 2's checks: the request, the proc, and then whether the asker may run
/// it and its args fit.
pub(super) async fn new_schedule(
    app: &App,
    access: &Access,
    request: &ScheduleRequest,
) -> Result<NewSchedule, ApiError> {
    let no_metadata = || ApiError::NoMetadata(request.job_name.clone());
    let name = request.job_name.parse::<ProcName>();
    // A name that none can have is told after what version 2 tells first.
    let stand_in = || "unknown".parse::<ProcName>().map_err(|_| no_metadata());
    let read_as = name.clone().or_else(|_| stand_in())?;
    let now = app.store.clock().await?;
    let definition = read_request(request, read_as, &app.time_zone, now)
        .map_err(|Refusal { mistakes, plain }| ApiError::Refused { mistakes, plain })?;
    let name = name.map_err(|_| no_metadata())?;
    let metadata = app.catalog.proc(&name).await?.ok_or_else(no_metadata)?;
    access.check(&metadata.authorized_groups).await?;
    let mistakes = args_mistakes(&metadata, &definition.args);
    if !mistakes.is_empty() {
        return Err(ApiError::Invalid {
            detail: format!("the args do not fit {name}"),
            mistakes,
        });
    }
    Ok(NewSchedule {
        definition,
        owner: access.asker.email.clone(),
        paused: request.enabled == Some(false),
    })
}

/// The answer, with what its owner should know.
pub(super) fn answer(app: &App, schedule: &Schedule, now: Timestamp) -> proctor_api::Schedule {
    let mut answer = schedule.to_api();
    if let Ok(moments) = schedule.definition.moments() {
        let next = moments.moments_between(now, Timestamp::MAX, NEXT_MOMENTS);
        answer.next = next.iter().map(moment_to_api).collect();
    }
    if !app.sends_mail {
        answer.warnings.push(
            "nobody is told by mail how its executions end: this service has no mail server"
                .to_owned(),
        );
    }
    answer
}
