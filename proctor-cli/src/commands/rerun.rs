//! `proctor rerun`

use crate::cli::RerunArgs;
use crate::commands::accepted;
use crate::console::{self, row};
use crate::context::{Context, chat};
use crate::error::Error;
use crate::exit_code::Exit;

/// Asks for an execution with the args of an earlier one and follows its log, or leaves it to itself.
pub async fn run(context: &Context, args: RerunArgs) -> Result<Exit, Error> {
    accepted::check_format(&args.follow)?;
    let client = context.client()?;
    let id = args.execution.id;
    chat(&*args.follow.output.output(), || {
        console::say(row("Rerunning Execution", &id.to_string()));
    });

    let execution = client.rerun(id).await?;

    accepted::follow_or_leave(context, &client, &args.follow, &execution).await
}
