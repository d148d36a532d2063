//! `proctor stop`

use std::time::Duration;

use proctor_api::{Execution, Status, StopRequest};

use crate::cli::StopArgs;
use crate::client::Client;
use crate::client::error::ClientError;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::{Error, UsageError};
use crate::exit_code::{self, Exit};
use crate::outcome;
use crate::prompt;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Asks for the end of an execution and waits for it.
pub async fn run(context: &Context, args: StopArgs) -> Result<Exit, Error> {
    let output = args.output.output();
    let client = context.client()?;
    let id = args.execution.id;
    if args.force && !args.yes && !may_give_up(context, id)? {
        console::warn(format!("Execution {id} is not given up"));
        return Ok(exit_code::SUCCESS);
    }
    let request = StopRequest {
        grace_seconds: args.grace,
        force: args.force,
    };

    let mut execution = client.stop(id, &request).await?;
    chat(&*output, || tell(&execution, args.force));
    if !args.no_wait {
        execution = tokio::select! {
            ended = ended(&client, execution) => ended?,
            Ok(()) = tokio::signal::ctrl_c() => return Ok(interrupted(id)),
        };
    }
    answer(&output.receipt(&execution))?;
    chat(&*output, || {
        if let Some(end) = outcome::end_of(&execution) {
            console::say(outcome::line(&end));
        }
    });
    Ok(exit_code::SUCCESS)
}

fn may_give_up(context: &Context, id: u64) -> Result<bool, Error> {
    if !context.may_ask() {
        let what = format!("give up execution {id}");
        return Err(UsageError::NobodyToAsk { what }.into());
    }
    console::warn(format!(
        "Execution {id} will be LOST on your word, and its log is closed. It may still run where nobody sees it; \
         make sure that it does not before you run it again."
    ));
    Ok(prompt::yes_or_no("Do you want to give it up (y/N)?", false))
}

fn tell(execution: &Execution, force: bool) {
    let wished = execution.stop_requested.is_some();
    match (execution.is_over(), force) {
        (true, true) if wished && execution.status == Status::Lost => console::cheer("Given up"),
        (true, true) => console::say("It had ended before; nothing was given up"),
        (true, false) if !wished => console::say("It had ended before; nothing was stopped"),
        _ => console::cheer("Stop requested"),
    }
}

/// The execution once it has ended.
async fn ended(client: &Client, mut execution: Execution) -> Result<Execution, ClientError> {
    let mut wait = FIRST_WAIT;
    while !execution.is_over() {
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        execution = client.execution(execution.id).await?;
    }
    Ok(execution)
}

fn interrupted(id: u64) -> Exit {
    console::say(format!(
        "The stop stays requested. To see how it ended, run `proctor status {id}`."
    ));
    exit_code::INTERRUPTED
}
