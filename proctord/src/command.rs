//! The command line of `proctord`: one file per command.

mod dev;
mod import_v2;

use std::process::ExitCode;

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
    /// Take over the executions, procs and secrets of version 2
    ImportV2(import_v2::ImportV2),
}

/// Runs the command.
///
/// # Errors
/// Whatever keeps it from doing what it is there for.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match cli.command {
        Command::Dev(dev) => runtime.block_on(dev::run(dev)).map(|()| ExitCode::SUCCESS),
        Command::ImportV2(import) => runtime.block_on(import_v2::run(import)),
    }
}
