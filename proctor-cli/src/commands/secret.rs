//! `proctor secret set`, `list` and `rm`

use crate::cli::{SecretListArgs, SecretRmArgs, SecretSetArgs};
use crate::client::Client;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;
use crate::escape::visible;
use crate::output::SecretRow;
use crate::secret_value;

/// Sets one secret. Its value is shown nowhere.
pub async fn set(context: &Context, args: SecretSetArgs) -> Result<(), Error> {
    let client = context.client()?;
    let question = format!(
        "Value of {} for {}: ",
        visible(&args.key),
        visible(&args.name)
    );
    let value = secret_value::read(context, &question, args.file.as_ref())?;
    for warning in client.set_secret(&args.name, &args.key, &value).await? {
        console::warn(visible(&warning));
    }
    tell(&args.key, &args.name, "set");
    Ok(())
}

/// Prints which secrets a proc declares and which of them are set.
pub async fn list(context: &Context, args: SecretListArgs) -> Result<(), Error> {
    let output = args.output.output();
    let rows = rows(&context.client()?, &args.name).await?;

    chat(&*output, || {
        if rows.is_empty() {
            console::say("No secrets found");
        } else {
            console::cheer(format!("Secrets of {}:\n", visible(&args.name)));
        }
    });
    answer(&output.secrets(&rows))?;
    chat(&*output, || {
        if let Some(missing) = rows.iter().find(|row| !row.is_set) {
            let (name, key) = (visible(&args.name), visible(&missing.name));
            console::cheer(format!(
                "\nTo set a secret, run:\nproctor secret set {name} {key}"
            ));
        }
    });
    Ok(())
}

/// Deletes one secret.
pub async fn remove(context: &Context, args: SecretRmArgs) -> Result<(), Error> {
    context
        .client()?
        .delete_secret(&args.name, &args.key)
        .await?;
    tell(&args.key, &args.name, "deleted");
    Ok(())
}

/// What is declared and what is set, by name. A secret may be set before its proc is published.
async fn rows(client: &Client, name: &str) -> Result<Vec<SecretRow>, Error> {
    let set = client.secrets(name).await?;
    let declared = match client.proc(name).await {
        Ok(metadata) => metadata.env_vars.secrets,
        Err(error) if error.not_found().is_some() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut rows: Vec<SecretRow> = declared
        .into_iter()
        .map(|secret| SecretRow {
            is_set: set.contains(&secret.name),
            is_declared: true,
            name: secret.name,
            description: secret.description,
        })
        .collect();
    for name in set {
        if !rows.iter().any(|row| row.name == name) {
            rows.push(SecretRow {
                name,
                is_set: true,
                is_declared: false,
                description: String::new(),
            });
        }
    }
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rows)
}

fn tell(key: &str, name: &str, done: &str) {
    let (key, name) = (visible(key), visible(name));
    console::cheer(format!("Secret {key} of {name} is {done}"));
}
