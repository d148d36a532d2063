//! The command line of `proctord`: one file per command.

mod audit;
mod check_config;
mod dev;
mod import_v2;
mod mail;
mod migrate;
mod place;
mod plugin_host;
mod plugins;
mod recover;
mod secrets;
mod start;
mod start_scheduler;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

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
    ///
    /// What it needs is said in the environment or in config.yaml: `proctord check-config` shows what is in force
    /// and what is missing, .env.sample describes every setting.
    #[command(visible_alias = "s")]
    Start,
    /// Fire schedules and nothing else; those who serve do so as well
    StartScheduler,
    /// Bring the schema of the database up to date; `start` does not do it by itself
    Migrate,
    /// Take the last step of the schema back
    Rollback(migrate::Rollback),
    /// Look after the keys that secrets are sealed with
    Secrets(secrets::Secrets),
    /// Look at plugins
    Plugins(plugins::Plugins),
    /// Try out whether mails come through
    Mail(mail::Mail),
    /// After a restore from a backup: show what is held, and let it go on or fail
    Recover(recover::Recover),
    /// Prove that the audit trail is what was written
    Audit(audit::Audit),
    /// Show what is configured and where it comes from, and everything that is wrong with it
    CheckConfig(check_config::CheckConfig),
    /// Take over the executions, procs and secrets of version 2
    ImportV2(import_v2::ImportV2),
    #[command(hide = true)]
    PluginHost(plugin_host::PluginHost),
}

/// Runs the command.
///
/// # Errors
/// Whatever keeps it from doing what it is there for.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Recover(wanted) => runtime()?.block_on(recover::run(&wanted)),
        Command::Audit(wanted) => return runtime()?.block_on(audit::run(&wanted)),
        Command::ImportV2(import) => return runtime()?.block_on(import_v2::run(import)),
        Command::Dev(dev) => runtime()?.block_on(dev::run(dev)),
        Command::Start => runtime()?.block_on(start::run()),
        Command::StartScheduler => runtime()?.block_on(start_scheduler::run()),
        Command::Migrate => runtime()?.block_on(migrate::migrate()),
        Command::Rollback(wanted) => runtime()?.block_on(migrate::rollback(&wanted)),
        Command::Secrets(wanted) => runtime()?.block_on(secrets::run(&wanted)),
        Command::Mail(wanted) => runtime()?.block_on(mail::run(&wanted)),
        Command::Plugins(wanted) => runtime()?.block_on(plugins::run(wanted)),
        Command::CheckConfig(wanted) => check_config::run(&wanted),
        // It is to be alone in its process.
        Command::PluginHost(wanted) => plugin_host::run(wanted),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}
