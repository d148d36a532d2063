//! The binary `proctord`: parses the command line and dispatches.

use std::process::ExitCode;

use clap::Parser;
use proctord::command::{self, Cli};

fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proctord: {error:#}");
            ExitCode::FAILURE
        }
    }
}
