//! Attempts and the deadline over all of them.

use std::time::Duration;

use proctor_worker::{Cause, Output};

use crate::support::{Bench, joined, name, outcome, pid_in, read_all, sh, wait_for};

#[tokio::test]
async fn a_failed_command_is_run_again_until_it_succeeds() {
    let bench = Bench::new();
    let name = name("job");
    let script = "n=$(($(cat n 2>/dev/null || echo 0) + 1)); echo $n > n; echo run $n; test $n = 3 || exit $n";
    let mut spec = sh(script);
    (spec.retries, spec.retry_delay_ms) = (5, 10);
    let live = {
        bench.worker.make_folder(&name).await.expect("a folder");
        tokio::spawn(read_all(bench.worker.output(&name, 0)))
    };

    let (outcome, output) = bench.run(spec).await;

    assert_eq!(
        (outcome.cause, outcome.exit_code, outcome.attempts),
        (Cause::Exited, Some(0), 3)
    );
    assert_eq!(output, b"run 1\nrun 2\nrun 3\n");
    let seen = live.await.expect("the reader ends");
    assert_eq!(joined(&seen), output);
    let attempts: Vec<&Output> = seen
        .iter()
        .filter(|step| matches!(step, Output::Attempt { .. }))
        .collect();
    let attempt = |offset, number, text: &str| Output::Attempt {
        offset,
        number,
        text: text.to_owned(),
    };
    assert_eq!(
        attempts,
        [
            &attempt(6, 1, "attempt 1 exited with 1; next attempt in 10 ms"),
            &attempt(12, 2, "attempt 2 exited with 2; next attempt in 20 ms"),
        ]
    );
    // The event stands where it belongs: after six bytes and before the seventh.
    let place = seen
        .iter()
        .position(|step| step == attempts[0])
        .expect("it is there");
    assert_eq!(joined(&seen[..place]), b"run 1\n");
}

#[tokio::test]
async fn the_last_attempt_decides() {
    let mut spec = sh("echo x; exit 9");
    spec.retries = 2;

    let (outcome, output) = Bench::new().run(spec).await;

    assert_eq!((outcome.exit_code, outcome.attempts), (Some(9), 3));
    assert_eq!(output, b"x\nx\nx\n");
}

#[tokio::test]
async fn what_cannot_start_is_not_tried_again() {
    let mut spec = crate::support::command(&["./missing"]);
    spec.retries = 5;

    let (outcome, _) = Bench::new().run(spec).await;

    assert_eq!((outcome.cause, outcome.attempts), (Cause::CannotStart, 1));
}

#[tokio::test]
async fn a_stop_between_attempts_ends_the_job() {
    let bench = Bench::new();
    let name = name("job");
    let mut spec = sh("echo $$ > ready; exit 6");
    (spec.retries, spec.retry_delay_ms) = (1, 1_000_000);
    let job = bench.start(&name, spec).await;
    let attempts = bench.folder(&name).join("attempts");
    wait_for("the first attempt fails", || {
        (std::fs::metadata(&attempts).ok()?.len() > 0).then_some(())
    })
    .await;

    job.stop(Duration::from_secs(1000))
        .await
        .expect("it is stopped");

    let outcome = outcome(&job).await;
    assert_eq!(
        (outcome.cause, outcome.exit_code, outcome.attempts),
        (Cause::Stopped, Some(6), 1)
    );
}

#[tokio::test]
async fn a_stopped_attempt_is_not_followed_by_another() {
    let bench = Bench::new();
    let name = name("job");
    let mut spec = sh("echo $$ > ready; exec sleep 1000");
    spec.retries = 5;
    let job = bench.start(&name, spec).await;
    pid_in(&bench.folder(&name).join("work/ready")).await;

    job.stop(Duration::from_secs(1000))
        .await
        .expect("it is stopped");

    let outcome = outcome(&job).await;
    assert_eq!(
        (outcome.cause, outcome.signal, outcome.attempts),
        (Cause::Stopped, Some(15), 1)
    );
}

#[tokio::test]
async fn the_deadline_ends_a_command() {
    let mut spec = sh("exec sleep 1000");
    spec.deadline_ms = Some(200);

    let (outcome, _) = Bench::new().run(spec).await;

    assert_eq!((outcome.cause, outcome.signal), (Cause::Deadline, Some(15)));
}

#[tokio::test]
async fn the_deadline_insists_after_the_grace() {
    let mut spec = sh("trap '' TERM; while :; do sleep 0.01; done");
    (spec.deadline_ms, spec.grace_ms) = (Some(200), 100);

    let (outcome, _) = Bench::new().run(spec).await;

    assert_eq!((outcome.cause, outcome.signal), (Cause::Deadline, Some(9)));
}

#[tokio::test]
async fn the_deadline_covers_all_attempts() {
    let mut spec = sh("exit 1");
    (spec.deadline_ms, spec.retries, spec.retry_delay_ms) = (Some(300), 1000, 50);

    let (outcome, _) = Bench::new().run(spec).await;

    assert_eq!(
        (outcome.cause, outcome.exit_code),
        (Cause::Deadline, Some(1))
    );
    assert!((2..10).contains(&outcome.attempts), "{}", outcome.attempts);
}
