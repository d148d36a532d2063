//! `proctord mail`: whether mails come through.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::config::{Config, Purpose};
use crate::deliveries::mail::Mails;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Mail {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Send a mail to an address and tell what the mail server said
    ///
    /// It is sent at once and once. The exit code is 0 if the server took it, and 1 if not.
    Test {
        /// The address
        address: String,
    },
}

pub(super) async fn run(wanted: &Mail) -> anyhow::Result<()> {
    let Verb::Test { address } = &wanted.verb;
    let loaded = Config::load(Purpose::Dev)?;
    telemetry::start("warn", telemetry::Format::Text);
    loaded.warn();
    let Some(settings) = loaded.config.mail else {
        bail!("there is no mail server: set PROCTOR_MAIL_SERVER_HOST");
    };
    let (host, port) = (settings.host.clone(), settings.port);
    let mails = Mails::by(settings).context("cannot prepare for mails")?;
    let id = Uuid::new_v4().to_string();
    let said = mails.send_test(&id, address).await;
    let said =
        said.with_context(|| format!("{host}:{port} did not take the mail for {address}"))?;
    writeln!(
        std::io::stdout(),
        "{host}:{port} took a mail for {address}: {said}"
    )?;
    Ok(())
}
