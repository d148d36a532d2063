//! `proctor`, the command line of Proctor: publish, list, describe and execute procs, and watch them.
//!
//! The main module only starts the runtime; `cli` says what can be typed and `commands` does it.

mod arg;
mod args_file;
mod assignment;
mod bundle;
mod cli;
mod client;
mod commands;
mod config;
mod console;
mod context;
mod error;
mod escape;
mod exit_code;
mod follow;
mod manifest;
mod outcome;
mod output;
mod prompt;
mod secret_value;
mod tls;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // A reader that has gone away is no reason to fail: this is help or a usage error.
            let _ = answer.print();
            return if answer.use_stderr() {
                exit_code::USAGE.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            console::fail(format!("failed to start the runtime: {error}"));
            return exit_code::FAILURE.into();
        }
    };
    let code = runtime.block_on(commands::run(cli));
    // A write to a stdout that nobody reads must not hold up the end after Ctrl-C.
    runtime.shutdown_background();
    code.into()
}
