//! What `execute` and `rerun` do once their execution is accepted: follow it or leave it to itself.

use proctor_api::Execution;

use crate::cli::{FollowArgs, Format};
use crate::client::Client;
use crate::commands::logs;
use crate::console::{self, row};
use crate::context::{Context, answer, chat};
use crate::error::{Error, UsageError};
use crate::escape::visible;
use crate::exit_code::{self, Exit};
use crate::follow::Follower;
use crate::outcome;

/// Stdout belongs to the proc while its log is followed.
pub fn check_format(args: &FollowArgs) -> Result<(), UsageError> {
    match args.output.format {
        _ if args.detach => Ok(()),
        Format::Text => Ok(()),
        Format::Json => Err(UsageError::FormatWithoutDetach("json")),
        Format::Name => Err(UsageError::FormatWithoutDetach("name")),
    }
}

/// Follows the log to its end, or tells the id and leaves.
pub async fn follow_or_leave(
    context: &Context,
    client: &Client,
    args: &FollowArgs,
    execution: &Execution,
) -> Result<Exit, Error> {
    if args.detach {
        return leave(args, execution);
    }
    console::cheer("\nExecution Created");
    console::say(row("ID", &execution.id.to_string()));
    console::say(row("Name", &visible(&execution.name)));
    console::cheer("\nStreaming logs");
    let follower = Follower::of_accepted(client, execution.id, tokio::io::stdout());
    logs::follow(context, client, follower, execution.id).await
}

fn leave(args: &FollowArgs, execution: &Execution) -> Result<Exit, Error> {
    let output = args.output.output();
    chat(&*output, || console::cheer("\nExecution Created"));
    answer(&output.receipt(execution))?;
    let Some(end) = outcome::end_of(execution) else {
        chat(&*output, || {
            let id = execution.id;
            console::say(format!("\nTo follow its log, run:\nproctor logs {id}"));
        });
        return Ok(exit_code::SUCCESS);
    };
    let exit = exit_code::of_end(&end);
    if exit != exit_code::SUCCESS {
        console::fail(outcome::line(&end));
    }
    Ok(exit)
}
