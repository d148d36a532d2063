//! `proctor whoami`

use crate::cli::WhoamiArgs;
use crate::context::{Context, answer};
use crate::error::Error;

/// Prints who the service takes the asker for.
pub async fn run(context: &Context, args: WhoamiArgs) -> Result<(), Error> {
    let user = context.client()?.whoami().await?;
    answer(&args.output.output().user(&user))
}
