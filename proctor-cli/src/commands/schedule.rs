//! `proctor schedule`: one module per command; this one picks it.

mod change;
mod create;
mod history;
mod next;
mod rules;
mod see;
mod update;

use crate::cli::{ScheduleArgs, ScheduleCommand, ScheduleRunArgs};
use crate::commands::accepted;
use crate::console::{self, row};
use crate::context::{Context, chat};
use crate::error::Error;
use crate::exit_code::{self, Exit};

/// Does what was typed.
pub async fn run(context: &Context, ScheduleArgs(command): ScheduleArgs) -> Result<Exit, Error> {
    match command {
        ScheduleCommand::Run(args) => return run_now(context, args).await,
        ScheduleCommand::Create(args) => create::run(context, *args).await,
        ScheduleCommand::List(args) => see::list(context, args).await,
        ScheduleCommand::Describe(args) => see::describe(context, args).await,
        ScheduleCommand::Update(args) => update::run(context, *args).await,
        ScheduleCommand::Pause(args) => change::pause(context, args).await,
        ScheduleCommand::Resume(args) => change::resume(context, args).await,
        ScheduleCommand::Next(args) => next::run(context, args).await,
        ScheduleCommand::History(args) => history::run(context, args).await,
        ScheduleCommand::Remove(args) => change::remove(context, args).await,
    }
    .map(|()| exit_code::SUCCESS)
}

/// Asks for an execution now and follows its log, or leaves it to itself.
async fn run_now(context: &Context, args: ScheduleRunArgs) -> Result<Exit, Error> {
    accepted::check_format(&args.follow)?;
    let client = context.client()?;
    chat(&*args.follow.output.output(), || {
        console::say(row("Running Schedule", &args.id.to_string()));
    });
    let execution = client.run_schedule(args.id).await?;

    accepted::follow_or_leave(context, &client, &args.follow, &execution).await
}
