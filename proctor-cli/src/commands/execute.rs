//! `proctor execute`

use std::collections::BTreeMap;
use std::path::Path;

use proctor_api::{ArgMetadata, ExecutionRequest, Metadata};

use crate::arg;
use crate::args_file::{self, ArgsFile};
use crate::assignment;
use crate::cli::ExecuteArgs;
use crate::client::Client;
use crate::commands::accepted;
use crate::commands::describe::unknown_proc;
use crate::console::{self, row};
use crate::context::{Context, chat};
use crate::error::{Error, UsageError};
use crate::escape::visible;
use crate::exit_code::Exit;
use crate::prompt;

/// Asks for an execution and follows its log, or leaves it to itself.
pub async fn run(context: &Context, args: ExecuteArgs) -> Result<Exit, Error> {
    accepted::check_format(&args.follow)?;
    let mut variables = variables(&args.args, args.file.as_deref())?;
    let client = context.client()?;
    complete(context, &client, &args.name, &mut variables).await?;
    chat(&*args.follow.output.output(), || {
        tell_request("Executing Proc", &args.name, &variables);
    });

    let request = ExecutionRequest {
        name: args.name.clone(),
        args: Some(variables),
        callback_url: None,
    };
    let accepted = client.execute(&request).await;
    let execution = accepted.map_err(|error| unknown_proc(error, &args.name))?;

    accepted::follow_or_leave(context, &client, &args.follow, &execution).await
}

/// The args of the file, and those that were typed, which go first.
pub(super) fn variables(
    words: &[String],
    file: Option<&Path>,
) -> Result<BTreeMap<String, String>, UsageError> {
    let typed = assignment::parse_args(words)?;
    let mut file = match file {
        Some(path) => args_file::read(path).map_err(UsageError::ArgsFile)?,
        None => ArgsFile::default(),
    };
    file.left_out.retain(|name| !typed.contains_key(name));
    if !file.left_out.is_empty() {
        console::warn(format!(
            "Without a value, and left out: {}",
            visible(&file.left_out.join(", "))
        ));
    }
    file.values.extend(typed);
    Ok(file.values)
}

/// Asks for the required args that are missing, or refuses to go on without them.
pub(super) async fn complete(
    context: &Context,
    client: &Client,
    name: &str,
    variables: &mut BTreeMap<String, String>,
) -> Result<(), Error> {
    let metadata = match client.proc_to_execute(name).await {
        Ok(metadata) => metadata,
        // A service that cannot tell one proc judges the args itself.
        Err(error) if error.is_foreign_not_found() => return Ok(()),
        Err(error) => return Err(unknown_proc(error, name)),
    };
    let missing = arg::missing(&metadata, variables);
    if missing.is_empty() {
        return Ok(());
    }
    if !context.may_ask() {
        return Err(missing_args(&metadata, &missing, variables).into());
    }
    for arg in missing {
        variables.insert(arg.name.clone(), prompt::value_of(arg)?);
    }
    Ok(())
}

/// What is missing, and in the same breath what is wrong with what is given.
fn missing_args(
    metadata: &Metadata,
    missing: &[&ArgMetadata],
    given: &BTreeMap<String, String>,
) -> UsageError {
    let line = |arg: &&ArgMetadata| {
        let text = format!("{} ({})", arg.description, arg::rules(arg).join("; "));
        row(&visible(&arg.name), &visible(text.trim()))
    };
    let declared = metadata.env_vars.args.iter();
    let wrong = declared.filter_map(|arg| {
        let mistake = arg::value_mistake(arg, given.get(&arg.name)?)?;
        Some(row(&visible(&arg.name), &visible(&mistake)))
    });
    UsageError::MissingArgs {
        name: metadata.name.clone(),
        lines: missing.iter().map(line).chain(wrong).collect(),
    }
}

/// Says what is asked for, with its args.
pub(super) fn tell_request(what: &str, name: &str, variables: &BTreeMap<String, String>) {
    console::say(row(what, &visible(name)));
    if variables.is_empty() {
        console::fail("With No Variables");
        return;
    }
    console::head("With Variables");
    for (name, value) in variables {
        console::say(row(&visible(name), &visible(value)));
    }
}
