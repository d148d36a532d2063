//! `proctor schedule history`

use crate::cli::ScheduleHistoryArgs;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;

/// Prints what became of a schedule's moments, newest first.
pub async fn run(context: &Context, args: ScheduleHistoryArgs) -> Result<(), Error> {
    let output = args.output.output();
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let firings = context.client()?.firings(args.id, wanted).await?;

    chat(&*output, || match output.firings_heading(&firings) {
        Some(heading) if !firings.is_empty() => console::cheer(heading),
        _ => console::say("Nothing has come due yet"),
    });
    answer(&output.firings(&firings))
}
