//! `proctor login`

use crate::cli::LoginArgs;
use crate::client::Client;
use crate::config::file::{self, Change};
use crate::config::value::{Token, header_value};
use crate::config::{self, ConfigError, Settings};
use crate::console;
use crate::context::{Context, connect};
use crate::error::Error;
use crate::escape::visible;
use crate::prompt;
use crate::secret_value;

/// Has the service check who it takes the token for, and keeps both.
pub async fn run(context: &Context, args: LoginArgs) -> Result<(), Error> {
    let path = config::file_path(&context.globals)?;
    let settings = settings(context, &args)?;
    let client = connect(settings)?;
    let who = check(&client).await?;

    file::change(&path, &changes(client.settings()))?;
    let host = &client.settings().host;
    match who {
        Who::Known(email) => {
            console::cheer(format!("Logged in to {host} as {}", visible(&email)));
        }
        Who::Accepted => console::cheer(format!("Logged in to {host}")),
        Who::Anybody => console::warn(format!(
            "{host} lets everybody in and has not looked at the token; it is stored all the same"
        )),
    }
    for key in ["PROCTOR_HOST", "EMAIL_ID", "ACCESS_TOKEN", "PROCTOR_CACERT"] {
        if config::variable(key).is_some() {
            console::say(format!("{key} of the environment goes before the file"));
        }
    }
    Ok(())
}

/// For whom the service takes who asks.
enum Who {
    Known(String),
    /// Version 2 tells no more.
    Accepted,
    Anybody,
}

async fn check(client: &Client) -> Result<Who, Error> {
    let user = match client.whoami().await {
        Ok(user) => user,
        // Version 2 has no such route, and no other that tells; this one refuses whom it does not know.
        Err(error) if error.is_foreign_not_found() => {
            client.procs().await?;
            return Ok(Who::Accepted);
        }
        Err(error) => return Err(error.into()),
    };
    if user.get("authenticated").and_then(|value| value.as_bool()) != Some(true) {
        return Ok(Who::Anybody);
    }
    let email = user.get("email").and_then(|value| value.as_str());
    Ok(Who::Known(email.unwrap_or_default().to_owned()))
}

/// The settings to log in with; what nothing says is asked for.
fn settings(context: &Context, args: &LoginArgs) -> Result<Settings, Error> {
    let mut globals = context.globals.clone();
    let path = config::file_path(&globals)?;
    let mut settings = match config::load_to_write(&globals) {
        Err(error) if error.lacks_host() && context.may_ask() => {
            globals.host = Some(prompt::line("Host: ")?);
            config::load_to_write(&globals)?
        }
        settings => settings?,
    };
    settings.email = email(context, args, settings.email)?;
    let question = format!("Token for {}: ", settings.host);
    let token = secret_value::read(context, &question, args.token_file.as_ref())?.value;
    let token = header_value("ACCESS_TOKEN", Some(token.trim().to_owned()))?;
    settings.token = Token::new(token);
    // The file is read from wherever `proctor` runs later.
    let ca_file = settings.ca_file.map(std::path::absolute).transpose();
    settings.ca_file = ca_file.map_err(|source| ConfigError::Read { path, source })?;
    Ok(settings)
}

fn email(context: &Context, args: &LoginArgs, known: String) -> Result<String, Error> {
    let email = match &args.email {
        Some(email) => email.trim().to_owned(),
        None if context.may_ask() => {
            let question = match known.as_str() {
                "" => "Email (empty if the token tells it): ".to_owned(),
                known => format!("Email [{}]: ", visible(known)),
            };
            let typed = prompt::line(&question)?;
            if typed.is_empty() { known } else { typed }
        }
        None => known,
    };
    Ok(header_value("EMAIL_ID", Some(email))?)
}

fn changes(settings: &Settings) -> Vec<Change> {
    let email = Some(settings.email.clone()).filter(|email| !email.is_empty());
    let ca_file = settings.ca_file.as_ref();
    let mut changes = vec![
        ("PROCTOR_HOST", Some(settings.host.to_string())),
        ("EMAIL_ID", email),
        ("ACCESS_TOKEN", Some(settings.token.expose().to_owned())),
    ];
    changes.extend(ca_file.map(|path| ("PROCTOR_CACERT", Some(path.display().to_string()))));
    changes
}
