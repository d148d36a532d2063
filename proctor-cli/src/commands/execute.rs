//! `proctor execute`

use std::collections::BTreeMap;

use proctor_api::{Execution, ExecutionRequest};

use crate::assignment;
use crate::cli::{ExecuteArgs, Format};
use crate::client::Client;
use crate::commands::describe::unknown_proc;
use crate::commands::logs;
use crate::console::{self, row};
use crate::context::{Context, answer, chat};
use crate::error::{Error, UsageError};
use crate::escape::visible;
use crate::exit_code::{self, Exit};
use crate::follow::Follower;
use crate::outcome;

/// Asks for an execution and follows its log, or leaves it to itself.
pub async fn run(context: &Context, args: ExecuteArgs) -> Result<Exit, Error> {
    check_format(&args)?;
    let variables = assignment::parse_args(&args.args)?;
    let client = context.client()?;
    chat(args.output.output(), || {
        tell_request(&args.name, &variables)
    });

    let request = ExecutionRequest {
        name: args.name.clone(),
        args: Some(variables),
        callback_url: None,
    };
    let accepted = client.execute(&request).await;
    let execution = accepted.map_err(|error| unknown_proc(error, &args.name))?;

    if args.detach {
        leave(&args, &execution)
    } else {
        follow(&client, &execution).await
    }
}

/// Stdout belongs to the proc while its log is followed.
fn check_format(args: &ExecuteArgs) -> Result<(), UsageError> {
    match args.output.format {
        _ if args.detach => Ok(()),
        Format::Text => Ok(()),
        Format::Json => Err(UsageError::FormatWithoutDetach("json")),
        Format::Name => Err(UsageError::FormatWithoutDetach("name")),
    }
}

fn tell_request(name: &str, variables: &BTreeMap<String, String>) {
    console::say(row("Executing Proc", &visible(name)));
    if variables.is_empty() {
        console::say("With No Variables");
        return;
    }
    console::head("With Variables");
    for (name, value) in variables {
        console::say(row(&visible(name), &visible(value)));
    }
}

fn leave(args: &ExecuteArgs, execution: &Execution) -> Result<Exit, Error> {
    let output = args.output.output();
    chat(output, || console::cheer("\nExecution Created"));
    answer(&output.receipt(execution))?;
    let Some(end) = outcome::end_of(execution) else {
        chat(output, || {
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

async fn follow(client: &Client, execution: &Execution) -> Result<Exit, Error> {
    console::cheer("\nExecution Created");
    console::say(row("ID", &execution.id.to_string()));
    console::say(row("Name", &visible(&execution.name)));
    console::cheer("\nStreaming logs");
    let follower = Follower::of_accepted(client, execution.id, tokio::io::stdout());
    logs::follow(follower, execution.id).await
}
