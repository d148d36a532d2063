//! `proctor list`

use crate::cli::ListArgs;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;

/// Prints every proc that may be seen.
pub async fn run(context: &Context, args: ListArgs) -> Result<(), Error> {
    let output = args.output.output();
    let procs = context.client()?.procs().await?;

    chat(&*output, || console::cheer("List of Procs:\n"));
    answer(&output.procs(&procs))?;
    chat(&*output, || {
        console::cheer(
            "\nFor detailed information of any proc, run:\nproctor describe <proc_name>",
        );
    });
    Ok(())
}
