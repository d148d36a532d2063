//! The binary `proctord`: parses the command line and dispatches.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use proctord::command::{self, Cli};
use proctord::telemetry::chain;

fn main() -> ExitCode {
    // Said once for all TLS of this process; it fails only if somebody has said so before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match command::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody may be there to read it; the exit code tells all the same.
            let _ = writeln!(std::io::stderr(), "proctord: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
