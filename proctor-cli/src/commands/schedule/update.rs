//! `proctor schedule update`

use std::collections::BTreeMap;

use proctor_api::{Schedule, ScheduleRequest};

use crate::assignment;
use crate::cli::{ScheduleUpdateArgs, zone_by_name};
use crate::commands::schedule::{next, rules};
use crate::context::{Context, answer};
use crate::error::{Error, UsageError};
use crate::escape::visible;

/// Changes a schedule: what was not given is sent as it is.
pub async fn run(context: &Context, args: ScheduleUpdateArgs) -> Result<(), Error> {
    let output = args.output.output();
    if !args.changes_something() {
        return Err(UsageError::NothingToChange.into());
    }
    let typed = assignment::parse_args(&args.args)?;
    let client = context.client()?;
    let before = client.schedule(args.id).await?;
    let request = changed(before, &args, typed)?;

    let schedule = client.change_schedule(args.id, &request).await?;

    answer(&output.changed(&schedule))?;
    next::tell(&*output, &schedule);
    Ok(())
}

fn changed(
    before: Schedule,
    args: &ScheduleUpdateArgs,
    typed: BTreeMap<String, String>,
) -> Result<ScheduleRequest, UsageError> {
    let zone = zone_by_name(&before.time_zone).ok();
    let mut variables = before.args.clone();
    for name in &args.unset {
        if variables.remove(name).is_none() {
            return Err(UsageError::Flag {
                flag: "--unset",
                why: format!("{} is no arg of schedule {}", visible(name), before.id),
            });
        }
    }
    variables.extend(typed);
    let mut request = as_it_is(before);
    request.args = Some(variables);
    if args.no_window {
        (request.not_before, request.not_after) = (None, None);
    }
    rules::apply(&args.rules, zone.as_ref(), &mut request)?;
    let texts = [
        (&args.group, &mut request.group),
        (&args.notify, &mut request.notification_emails),
        (&args.tags, &mut request.tags),
    ];
    for (given, text) in texts {
        if let Some(given) = given {
            text.clone_from(given);
        }
    }
    Ok(request)
}

/// The request that would make the schedule what it is.
fn as_it_is(schedule: Schedule) -> ScheduleRequest {
    ScheduleRequest {
        job_name: schedule.job_name,
        args: Some(schedule.args),
        tags: schedule.tags,
        cron: schedule.cron,
        notification_emails: schedule.notification_emails,
        group: schedule.group,
        // Absent means that it stays paused, or not.
        enabled: None,
        time_zone: Some(schedule.time_zone),
        overlap: Some(schedule.overlap),
        misfire: Some(schedule.misfire),
        misfire_limit: schedule.misfire_limit,
        misfire_after: Some(schedule.misfire_after),
        jitter_seconds: Some(schedule.jitter_seconds),
        not_before: schedule.not_before,
        not_after: schedule.not_after,
        at: schedule.at,
        notify_on: Some(schedule.notify_on),
    }
}
