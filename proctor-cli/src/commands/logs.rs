//! `proctor logs`

use tokio::io::Stdout;

use crate::cli::ExecutionArgs;
use crate::console::{self, row};
use crate::context::Context;
use crate::error::Error;
use crate::exit_code::{self, Exit};
use crate::follow::Follower;
use crate::outcome;

/// Follows an existing execution from the beginning of its log.
pub async fn run(context: &Context, args: ExecutionArgs) -> Result<Exit, Error> {
    let client = context.client()?;
    console::cheer("Getting logs");
    console::say(row("ID", &args.id.to_string()));
    console::cheer("\nStreaming logs");
    let follower = Follower::of_any(&client, args.id, tokio::io::stdout());
    follow(follower, args.id).await
}

/// Follows the log until its end or until the user has seen enough.
pub async fn follow(mut follower: Follower<'_, Stdout>, id: u64) -> Result<Exit, Error> {
    let end = tokio::select! {
        end = follower.run() => end?,
        Ok(()) = tokio::signal::ctrl_c() => return Ok(interrupted(id)),
    };
    let exit = exit_code::of_end(&end);
    if exit == exit_code::SUCCESS {
        console::cheer(outcome::line(&end));
    } else {
        console::fail(outcome::line(&end));
    }
    if !end.log_complete {
        console::warn("The log is not complete.");
    }
    Ok(exit)
}

fn interrupted(id: u64) -> Exit {
    console::fail("User interrupt while streaming proc logs");
    console::say(format!(
        "The execution goes on. To follow it again, run `proctor logs {id}`; to stop it, run `proctor stop {id}`."
    ));
    exit_code::INTERRUPTED
}
