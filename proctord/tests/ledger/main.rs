//! Schedules over simulated time, fired by several engines on one Postgres while they are cut off, paused and handed
//! stale work, and the clock jumps: every moment is covered once. Beside it real replicas in real time, killed and stopped
//! at random. Here are the short forms; the long ones are started by hand.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod check;
mod doctored;
mod engine;
mod nap;
mod plan;
#[path = "../../../crates/proctor-cron/tests/schedule/reference.rs"]
mod reference;
mod run;
mod storm;

use plan::Form;
use storm::Storm;

/// Small enough for everyday.
const SHORT: Form = Form {
    schedules: 150,
    engines: 3,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_is_covered_once_with_seed_1() {
    let verdict = run::run(1, SHORT).await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.woken_in_time > 0, "{verdict}");
    assert!(verdict.overtaken > 0, "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_in_a_storm_has_one_row_one_execution_one_run_and_its_words_with_seed_1() {
    let storm = Storm::over(1, storm::Form { seconds: 16 }).await;

    let verdict = storm.verdict().await;

    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
    doctored::every_mistake_is_found(&storm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_with_a_mistake_does_not_hold() {
    for doctored in [
        "DELETE FROM proctor.firing WHERE id = (SELECT min(id) FROM proctor.firing WHERE why IS NULL)",
        "UPDATE proctor.firing SET count = count + 1
          WHERE id = (SELECT min(id) FROM proctor.firing WHERE why IS NOT NULL)",
        "UPDATE proctor.firing SET moment = moment + interval '1 minute'
          WHERE id = (SELECT max(id) FROM proctor.firing WHERE why IS NULL)",
    ] {
        let form = Form {
            schedules: 12,
            engines: 2,
        };
        let verdict = run::doctored(2, form, Some(doctored)).await;
        assert!(!verdict.holds(), "{doctored}: {verdict}");
    }
}
