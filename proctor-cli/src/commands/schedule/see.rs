//! `proctor schedule list` and `describe`

use crate::cli::{ScheduleListArgs, ScheduleOneArgs};
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;

/// Prints the schedules that may be seen.
pub async fn list(context: &Context, args: ScheduleListArgs) -> Result<(), Error> {
    let output = args.output.output();
    let schedules = context.client()?.schedules().await?;

    chat(&*output, || match output.schedules_heading(&schedules) {
        Some(heading) if !schedules.is_empty() => console::cheer(heading),
        _ => console::fail("No scheduled jobs found"),
    });
    answer(&output.schedules(&schedules))
}

/// Prints one schedule.
pub async fn describe(context: &Context, args: ScheduleOneArgs) -> Result<(), Error> {
    let schedule = context.client()?.schedule(args.id).await?;
    answer(&args.output.output().schedule(&schedule))
}
