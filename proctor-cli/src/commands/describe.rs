//! `proctor describe`

use crate::cli::DescribeArgs;
use crate::client::error::ClientError;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;
use crate::escape::visible;

/// Prints one proc.
pub async fn run(context: &Context, args: DescribeArgs) -> Result<(), Error> {
    let output = args.output.output();
    let found = context.client()?.proc(&args.name).await;
    let metadata = found.map_err(|error| unknown_proc(error, &args.name))?;

    answer(&output.proc(&metadata))?;
    chat(&*output, || {
        let name = visible(&metadata.name);
        console::cheer(format!(
            "\nTo {name}, run:\nproctor execute {name} ARG_ONE=foo ARG_TWO=bar"
        ));
    });
    Ok(())
}

/// Says of a 404 that it is the proc which is unknown.
pub fn unknown_proc(error: ClientError, name: &str) -> Error {
    if error.not_found().is_some() || matches!(error, ClientError::Name(_)) {
        Error::UnknownProc(name.to_owned())
    } else {
        error.into()
    }
}
