//! The command line of `proctord`: one file per command.

mod check_config;
mod dev;
mod migrate;
mod place;
mod secrets;
mod start;

use clap::{Parser, Subcommand};

/// Serves procs: publishes, executes and watches them
#[derive(Debug, Parser)]
#[command(name = "proctord", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine with nothing installed: SQLite, local processes, loopback only
    Dev(dev::Dev),
    /// Serve from Postgres and Redis
    #[command(visible_alias = "s")]
    Start,
    /// Bring the schema of the database up to date; `start` does not do it by itself
    Migrate,
    /// Take the last step of the schema back
    Rollback(migrate::Rollback),
    /// Look after the keys that secrets are sealed with
    Secrets(secrets::Secrets),
    /// Show what is configured and where it comes from, and everything that is wrong with it
    CheckConfig(check_config::CheckConfig),
}

/// Runs the command.
///
/// # Errors
/// Whatever keeps it from doing what it is there for.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match cli.command {
        Command::CheckConfig(wanted) => check_config::run(&wanted),
        Command::Start => runtime.block_on(start::run()),
        Command::Migrate => runtime.block_on(migrate::migrate()),
        Command::Rollback(wanted) => runtime.block_on(migrate::rollback(&wanted)),
        Command::Secrets(wanted) => runtime.block_on(secrets::run(&wanted)),
        Command::Dev(dev) => runtime.block_on(dev::run(dev)),
    }
}
