//! Several replicas of proctord on one Postgres, one Redis and one double of a cluster, while clients ask for
//! executions and everything goes wrong that a seed says; afterwards nothing may be lost, doubled or wrong. Here are
//! the short form and the tests of the checker; the long ones are started by hand.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod check;
mod clients;
mod doctored;
mod faults;
mod gather;
mod history;
mod plan;
mod run;
mod scene;

use std::time::Duration;

use plan::Form;

/// Small enough for everyday.
const SHORT: Form = Form {
    executions: 70,
    over: Duration::from_secs(25),
};

async fn holds(seed: u64) {
    let verdict = run::run(seed, SHORT).await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_with_seed_1() {
    holds(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_with_seed_2() {
    holds(2).await;
}
