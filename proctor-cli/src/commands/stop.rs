//! `proctor stop`

use std::time::Duration;

use proctor_api::{Execution, StopRequest};

use crate::cli::StopArgs;
use crate::client::Client;
use crate::client::error::ClientError;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;
use crate::exit_code::{self, Exit};
use crate::outcome;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Asks for the end of an execution and waits for it.
pub async fn run(context: &Context, args: StopArgs) -> Result<Exit, Error> {
    let output = args.output.output();
    let client = context.client()?;
    let id = args.execution.id;
    let request = StopRequest {
        grace_seconds: args.grace,
    };

    let mut execution = client.stop(id, &request).await?;
    if execution.is_over() && execution.stop_requested.is_none() {
        chat(&*output, || {
            console::say("It had ended before; nothing was stopped")
        });
    } else {
        chat(&*output, || console::cheer("Stop requested"));
    }
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
