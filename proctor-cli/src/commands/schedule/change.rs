//! `proctor schedule pause`, `resume` and `remove`

use crate::cli::ScheduleOneArgs;
use crate::context::{Context, answer};
use crate::error::Error;
use crate::output::Removed;

/// Has nothing fire until it is resumed.
pub async fn pause(context: &Context, args: ScheduleOneArgs) -> Result<(), Error> {
    let schedule = context.client()?.pause_schedule(args.id).await?;
    answer(&args.output.output().changed(&schedule))
}

/// Has it fire again.
pub async fn resume(context: &Context, args: ScheduleOneArgs) -> Result<(), Error> {
    let schedule = context.client()?.resume_schedule(args.id).await?;
    answer(&args.output.output().changed(&schedule))
}

/// Removes it.
pub async fn remove(context: &Context, args: ScheduleOneArgs) -> Result<(), Error> {
    context.client()?.remove_schedule(args.id).await?;
    answer(&args.output.output().removed(Removed { id: args.id }))
}
