//! `proctor secret set`

use crate::cli::SecretSetArgs;
use crate::console;
use crate::context::Context;
use crate::error::Error;
use crate::escape::visible;
use crate::secret_value;

/// Sets one secret. Its value is shown nowhere.
pub async fn run(context: &Context, args: SecretSetArgs) -> Result<(), Error> {
    let client = context.client()?;
    let value = secret_value::read(&args.name, &args.key, args.file.as_ref())?;
    client.set_secret(&args.name, &args.key, &value).await?;
    console::cheer(format!(
        "Secret {} of {} is set",
        visible(&args.key),
        visible(&args.name)
    ));
    Ok(())
}
