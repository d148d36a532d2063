//! Stops: asked for, insisted on, and too late.

use std::fs;
use std::time::{Duration, Instant};

use proctor_worker::{Cause, Found, Outcome};

use crate::support::{Bench, inspect, lives, name, outcome, pid_in, sh, wait_for};

const LONG: Duration = Duration::from_secs(1000);

/// Starts a script that writes its pid to `ready`, stops it, and returns its outcome and how long that took.
async fn stopped(script: &str, grace: Duration) -> (Outcome, Duration) {
    let bench = Bench::new();
    let name = name("job");
    let job = bench.start(&name, sh(script)).await;
    pid_in(&bench.folder(&name).join("work/ready")).await;
    let since = Instant::now();
    job.stop(grace).await.expect("it is stopped");
    let outcome = outcome(&job).await;
    assert_eq!(outcome.cause, Cause::Stopped);
    (outcome, since.elapsed())
}

#[tokio::test]
async fn a_plain_command_ends_at_once() {
    let (outcome, took) = stopped("echo $$ > ready; exec sleep 1000", LONG).await;

    assert_eq!((outcome.exit_code, outcome.signal), (None, Some(15)));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_cooperative_command_keeps_its_exit_code() {
    let script = "trap 'echo bye; exit 3' TERM; echo $$ > ready; while :; do sleep 0.01; done";

    let (outcome, _) = stopped(script, LONG).await;

    assert_eq!((outcome.exit_code, outcome.signal), (Some(3), None));
    assert!(outcome.output_bytes >= 4, "its last words are kept");
}

#[tokio::test]
async fn one_that_ignores_term_is_killed_after_the_grace() {
    let script = "trap '' TERM; echo $$ > ready; while :; do sleep 0.01; done";

    let (outcome, took) = stopped(script, Duration::from_millis(300)).await;

    assert_eq!(outcome.signal, Some(9));
    assert!(took >= Duration::from_millis(300), "{took:?}");
}

#[tokio::test]
async fn no_grace_is_kill_at_once() {
    let script = "trap 'exit 0' TERM; echo $$ > ready; while :; do sleep 0.01; done";

    let (outcome, _) = stopped(script, Duration::ZERO).await;

    assert_eq!(outcome.signal, Some(9));
}

#[tokio::test]
async fn a_suspended_command_hears_the_stop() {
    let bench = Bench::new();
    let name = name("job");
    let script = "trap 'exit 5' TERM; echo $$ > ready; kill -STOP $$; while :; do sleep 0.01; done";
    let job = bench.start(&name, sh(script)).await;
    let pid = pid_in(&bench.folder(&name).join("work/ready")).await;
    wait_for("the command is suspended", || {
        let stat = proctor_shim::procfs::Stat::of(pid).expect("/proc is mounted")?;
        (stat.state == 'T').then_some(())
    })
    .await;

    job.stop(LONG).await.expect("it is stopped");

    assert_eq!(outcome(&job).await.exit_code, Some(5));
}

#[tokio::test]
async fn a_second_stop_may_shorten_the_grace() {
    let bench = Bench::new();
    let name = name("job");
    let script = "trap 'echo asked' TERM; echo $$ > ready; while :; do sleep 0.01; done";
    let job = bench.start(&name, sh(script)).await;
    pid_in(&bench.folder(&name).join("work/ready")).await;

    job.stop(LONG).await.expect("it is stopped");
    // The shell may have something to say about its `sleep` as well.
    let log = bench.folder(&name).join("out.log");
    wait_for("its answer", || {
        fs::read_to_string(&log)
            .ok()?
            .contains("asked")
            .then_some(())
    })
    .await;
    job.stop(Duration::ZERO).await.expect("it is stopped again");

    let outcome = outcome(&job).await;
    assert_eq!((outcome.cause, outcome.signal), (Cause::Stopped, Some(9)));
}

#[tokio::test]
async fn the_specs_own_grace_is_used_when_nobody_says_otherwise() {
    let bench = Bench::new();
    let name = name("job");
    let mut spec = sh("trap '' TERM; echo $$ > ready; while :; do sleep 0.01; done");
    spec.grace_ms = 100;
    let job = bench.start(&name, spec).await;
    let folder = bench.folder(&name);
    pid_in(&folder.join("work/ready")).await;

    crate::support::signal(
        crate::support::shim_pid(&folder),
        rustix::process::Signal::TERM,
    );

    let outcome = outcome(&job).await;
    assert_eq!((outcome.cause, outcome.signal), (Cause::Stopped, Some(9)));
}

#[tokio::test]
async fn a_stop_after_the_end_changes_nothing() {
    let bench = Bench::new();
    let job = bench.start(&name("job"), sh("exit 4")).await;
    let before = outcome(&job).await;

    job.stop(Duration::ZERO).await.expect("nothing to stop");

    assert_eq!((before.cause, before.exit_code), (Cause::Exited, Some(4)));
    assert_eq!(outcome(&job).await, before);
}

#[tokio::test]
async fn a_stop_before_go_means_that_nothing_runs() {
    let bench = Bench::new();
    let name = name("job");
    let prepared = bench
        .worker
        .prepare(&name, sh("echo $$ > ran"))
        .await
        .expect("it is ready");
    let folder = bench.folder(&name);
    let shim = crate::support::shim_pid(&folder);

    crate::support::signal(shim, rustix::process::Signal::TERM);
    wait_for("the shim leaves", || (!lives(shim)).then_some(())).await;

    let error = prepared.go().await.expect_err("nobody is there to run it");
    assert!(error.to_string().contains("the shim left"), "{error}");
    assert!(matches!(
        inspect(&bench.worker, &name).await,
        Found::NotStarted
    ));
    assert!(!folder.join("work/ran").exists());
}

#[tokio::test]
async fn fork_storms_leave_nobody() {
    let script = "storm() { while :; do sleep 1000 & sleep 0.001; done; }; storm & storm & echo $$ > ready; wait";
    for _ in 0..20 {
        let bench = Bench::new();
        let name = name("job");
        let job = bench.start(&name, sh(script)).await;
        pid_in(&bench.folder(&name).join("work/ready")).await;

        job.stop(Duration::from_millis(10))
            .await
            .expect("it is stopped");
        outcome(&job).await;

        let all = proctor_shim::procfs::Stat::all().expect("/proc is mounted");
        let left: Vec<_> = all
            .iter()
            .filter(|stat| stat.session == job.pid())
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
