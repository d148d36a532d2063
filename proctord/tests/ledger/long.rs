//! The long forms of the ledger, for `make ledger`: seed after seed with many schedules in simulated time, then with real
//! replicas in real time. Each run ends with its counts; it fails if a moment was not covered, or more than once.

#![expect(
    clippy::unwrap_used,
    reason = "a run that cannot go on says so by panicking"
)]

mod check;
mod engine;
mod nap;
mod plan;
#[path = "../../../crates/proctor-cron/tests/schedule/reference.rs"]
mod reference;
mod run;
mod storm;

use std::process::ExitCode;

use clap::Parser;

use plan::Form;
use storm::Storm;

#[derive(Debug, Parser)]
struct Options {
    /// The seeds, one run each, separated by spaces.
    #[arg(long, default_value = "1")]
    seeds: String,

    /// How many schedules each run has.
    #[arg(long, default_value_t = 10_000)]
    schedules: usize,

    /// How long each storm goes on in which real replicas are killed and stopped.
    #[arg(long, default_value_t = 90)]
    storm_seconds: u64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut hold = true;
    for seed in options.seeds.split_whitespace() {
        let seed = seed.parse().expect("a seed is a whole number");
        let form = Form {
            schedules: options.schedules,
            engines: 3,
        };
        let verdict = run::run(seed, form).await;
        println!("{verdict}");
        hold &= verdict.holds();
        let seconds = options.storm_seconds;
        let storm = Storm::over(seed, storm::Form { seconds }).await;
        let verdict = storm.verdict().await;
        println!("{verdict}");
        hold &= verdict.holds();
    }
    if hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
