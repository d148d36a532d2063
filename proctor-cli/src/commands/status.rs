//! `proctor status`

use crate::cli::StatusArgs;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;
use crate::exit_code;
use crate::outcome;

/// Prints where an execution stands.
pub async fn run(context: &Context, args: StatusArgs) -> Result<(), Error> {
    let output = args.output.output();
    let found = context.client()?.execution(args.execution.id).await;
    let execution = found.inspect_err(|_| {
        chat(&*output, || console::fail("Error while Getting Status:"));
    })?;

    chat(&*output, || console::cheer("Getting status"));
    answer(&output.execution(&execution))?;
    chat(&*output, || match outcome::end_of(&execution) {
        Some(end) if exit_code::of_end(&end) == exit_code::SUCCESS => {
            console::cheer(outcome::line(&end));
        }
        Some(end) => console::fail(outcome::line(&end)),
        None => {}
    });
    Ok(())
}
