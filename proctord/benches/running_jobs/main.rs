//! What it takes to have thousands of executions running on a cluster at once: watches, requests, memory, CPU and
//! time, by the real proctord on a real Postgres, a real Redis and a double of a cluster whose Pods only pretend.
//! `JOBS` says how many. It fails if a promise is broken.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

use std::process::ExitCode;

use proctor_testkit::postgres::Server;

// The suite of production mode runs the same with few of them, so the parts are found from here and from there.
#[path = "fleet.rs"]
mod fleet;

const JOBS: usize = 5_000;

#[tokio::main]
async fn main() -> ExitCode {
    // Commits reach the disk, as they do where executions must not be lost.
    let postgres = Server::builder().setting("fsync=on").start();
    let report = fleet::measure(jobs(), postgres).await;
    println!("{report}");
    let broken = report.broken_promises();
    for promise in &broken {
        eprintln!("broken: {promise}");
    }
    match broken.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the benchmark says how many; nothing of proctord reads it"
)]
fn jobs() -> usize {
    match std::env::var("JOBS") {
        Ok(text) => text.parse().expect("JOBS is a number"),
        Err(_) => JOBS,
    }
}
