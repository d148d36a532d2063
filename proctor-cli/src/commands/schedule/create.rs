//! `proctor schedule create`, and `proctor schedule PROC`

use proctor_api::ScheduleRequest;

use crate::cli::ScheduleCreateArgs;
use crate::commands::describe::unknown_proc;
use crate::commands::execute;
use crate::commands::schedule::{next, rules};
use crate::context::{Context, answer, chat};
use crate::error::Error;

/// Schedules a proc and tells its next moments.
pub async fn run(context: &Context, args: ScheduleCreateArgs) -> Result<(), Error> {
    let output = args.output.output();
    let mut variables = execute::variables(&args.args, args.file.as_deref())?;
    let mut request = ScheduleRequest {
        job_name: args.name.clone(),
        group: args.group,
        notification_emails: args.notify,
        tags: args.tags,
        enabled: args.paused.then_some(false),
        ..ScheduleRequest::default()
    };
    rules::apply(&args.rules, None, &mut request)?;
    let client = context.client()?;
    execute::complete(context, &client, &args.name, &mut variables).await?;
    chat(&*output, || {
        execute::tell_request("Creating Scheduled Job", &args.name, &variables);
    });

    request.args = Some(variables);
    let created = client.create_schedule(&request).await;
    let schedule = created.map_err(|error| unknown_proc(error, &args.name))?;

    answer(&output.created(&schedule))?;
    next::tell(&*output, &schedule);
    Ok(())
}
