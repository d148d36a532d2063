//! The long forms of the chaos suite, for `make chaos` and `make soak`: seed after seed with many executions, or one
//! seed for a long time. Each run ends with its counts; it fails if anything was lost, doubled or wrong.

#![expect(
    clippy::unwrap_used,
    reason = "a run that cannot go on says so by panicking"
)]

mod check;
mod clients;
mod faults;
mod gather;
mod history;
mod plan;
mod run;
mod scene;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use plan::Form;

/// As many executions are wished for in each second as two cores can run while everything else goes wrong.
const EACH_SECOND: usize = 2;

#[derive(Debug, Parser)]
struct Options {
    /// The seeds, one run each, separated by spaces.
    #[arg(long, default_value = "1")]
    seeds: String,

    /// How many executions each run has.
    #[arg(long, default_value_t = 1_000)]
    executions: usize,

    /// How long each run goes on, instead.
    #[arg(long, conflicts_with = "executions")]
    seconds: Option<usize>,
}

impl Options {
    fn form(&self) -> Form {
        let (executions, seconds) = match self.seconds {
            Some(seconds) => (seconds * EACH_SECOND, seconds),
            None => (self.executions, self.executions.div_ceil(EACH_SECOND)),
        };
        Form {
            executions,
            over: Duration::from_secs(u64::try_from(seconds).unwrap()),
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut verdicts = Vec::new();
    for seed in options.seeds.split_whitespace() {
        let seed = seed.parse().expect("a seed is a whole number");
        let verdict = run::run(seed, options.form()).await;
        println!("{verdict}");
        verdicts.push(verdict);
    }
    // Told again where nothing is between them.
    if verdicts.len() > 1 {
        verdicts
            .iter()
            .for_each(|verdict| println!("{}", verdict.counts()));
    }
    match verdicts.iter().all(check::Verdict::holds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
