//! `proctor unpublish`

use crate::cli::UnpublishArgs;
use crate::commands::describe::unknown_proc;
use crate::console;
use crate::context::Context;
use crate::error::{Error, UsageError};
use crate::escape::visible;
use crate::prompt;

/// Withdraws a proc, once somebody has said yes.
pub async fn run(context: &Context, args: UnpublishArgs) -> Result<(), Error> {
    let client = context.client()?;
    let name = visible(&args.name);
    if !args.yes && !may_unpublish(context, &name)? {
        console::warn(format!("{name} stays published"));
        return Ok(());
    }
    let done = client.unpublish(&args.name).await;
    done.map_err(|error| unknown_proc(error, &args.name))?;
    console::cheer(format!("Unpublished {name}"));
    Ok(())
}

fn may_unpublish(context: &Context, name: &str) -> Result<bool, Error> {
    if !context.may_ask() {
        let what = format!("unpublish {name}");
        return Err(UsageError::NobodyToAsk { what }.into());
    }
    console::warn(format!(
        "Nobody will be able to execute {name} any more. Executions that run go on; what is stored of them stays."
    ));
    Ok(prompt::yes_or_no(
        "Do you want to unpublish it (y/N)?",
        false,
    ))
}
