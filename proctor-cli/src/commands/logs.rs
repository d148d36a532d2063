//! `proctor logs`

use std::pin::pin;

use proctor_api::{LogEnd, StopRequest};
use tokio::io::Stdout;

use crate::cli::ExecutionArgs;
use crate::client::Client;
use crate::console::{self, row};
use crate::context::Context;
use crate::error::Error;
use crate::exit_code::{self, Exit};
use crate::follow::Follower;
use crate::outcome;
use crate::prompt::{self, Wish};

/// Follows an existing execution from the beginning of its log.
pub async fn run(context: &Context, args: ExecutionArgs) -> Result<Exit, Error> {
    let client = context.client()?;
    console::cheer("Getting logs");
    console::say(row("ID", &args.id.to_string()));
    console::cheer("\nStreaming logs");
    let follower = Follower::of_any(&client, args.id, tokio::io::stdout());
    follow(context, &client, follower, args.id).await
}

/// Follows the log until its end or until the user has seen enough.
pub async fn follow(
    context: &Context,
    client: &Client,
    mut follower: Follower<'_, Stdout>,
    id: u64,
) -> Result<Exit, Error> {
    // One future for the whole log: what was begun to be written is never begun again.
    let mut log = pin!(follower.run());
    loop {
        tokio::select! {
            end = &mut log => return Ok(tell(&end?)),
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
        match interrupted(context).await {
            Wish::Leave => return Ok(left(id)),
            Wish::Continue => console::cheer("Streaming logs"),
            Wish::Stop => stop(client, id).await,
        }
    }
}

fn tell(end: &LogEnd) -> Exit {
    let exit = exit_code::of_end(end);
    if exit == exit_code::SUCCESS {
        console::cheer(outcome::line(end));
    } else {
        console::fail(outcome::line(end));
    }
    if !end.log_complete {
        console::warn("The log is not complete.");
    }
    exit
}

/// What the user wants after Ctrl-C; where nobody can be asked, and after a second one, to leave.
async fn interrupted(context: &Context) -> Wish {
    if !context.may_ask() {
        return Wish::Leave;
    }
    tokio::select! {
        wish = prompt::wish() => wish,
        Ok(()) = tokio::signal::ctrl_c() => {
            console::say("");
            Wish::Leave
        }
    }
}

/// Asks for the stop. If that fails, the log is followed all the same.
async fn stop(client: &Client, id: u64) {
    match client.stop(id, &StopRequest::default()).await {
        Ok(_) => console::cheer("Stop requested"),
        Err(error) => console::fail(error),
    }
}

fn left(id: u64) -> Exit {
    console::fail("User interrupt while streaming proc logs");
    console::say(format!(
        "The execution goes on. To follow it again, run `proctor logs {id}`; to stop it, run `proctor stop {id}`."
    ));
    exit_code::INTERRUPTED
}
