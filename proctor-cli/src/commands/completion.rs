//! `proctor completion`

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionArgs};
use crate::context::answer;
use crate::error::Error;

/// Writes the completions of a shell to stdout.
pub async fn run(args: CompletionArgs) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "proctor", &mut script);
    answer(&String::from_utf8_lossy(&script))
}
