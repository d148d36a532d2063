//! Crashes at every named point. What really ran is read from a ledger that the command appends to.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use proctor_worker::{End, Found, Spec, WorkerError, failpoint};
use rustix::process::Signal;

use crate::support::{
    Bench, OTHER_PROCESS_ROOT, end, inspect, lives, name, root_of_another_process, sh, shim_pid,
    signal, wait_for, within,
};

fn ledger_command() -> Spec {
    sh("echo run >> ledger; exit 21")
}

fn runs(bench: &Bench) -> usize {
    let ledger = bench.folder(&name("job")).join("work/ledger");
    fs::read_to_string(ledger).map_or(0, |text| text.lines().count())
}

/// What an owner does after a crash: launch again only what has not started, and see how it ends.
async fn recover(bench: &Bench) -> Option<End> {
    let worker = bench.restarted();
    match inspect(&worker, &name("job")).await {
        Found::Absent | Found::NotStarted => {
            let launched = worker.prepare(&name("job"), ledger_command()).await;
            let job = launched.expect("it is ready").go().await.expect("it goes");
            Some(end(&job).await)
        }
        Found::Running(job) => Some(end(&job).await),
        Found::Ended(outcome) => Some(End::Outcome(outcome)),
        Found::Vanished => Some(End::Vanished),
    }
}

async fn crash_at(point: &str) -> (Bench, Result<(), WorkerError>) {
    let bench = Bench::with_fail_points(&format!("{point}=crash"));
    let name = name("job");
    let launch = async {
        let prepared = bench.worker.prepare(&name, ledger_command()).await?;
        let job = prepared.go().await?;
        job.wait().await.map(drop)
    };
    let launched = within("the launch", launch).await;
    (bench, launched)
}

#[tokio::test]
async fn a_shim_that_crashes_before_the_start_has_run_nothing() {
    for point in ["shim.locked", "shim.ready", "shim.go"] {
        let (bench, launched) = crash_at(point).await;
        assert!(
            matches!(launched, Err(WorkerError::NotStarted { .. })),
            "{point}: {launched:?}"
        );
        assert_eq!(runs(&bench), 0, "{point}");
        assert!(
            matches!(
                inspect(&bench.worker, &name("job")).await,
                Found::NotStarted
            ),
            "{point}"
        );

        let Some(End::Outcome(outcome)) = recover(&bench).await else {
            panic!("{point}: it runs in the end");
        };

        assert_eq!((outcome.exit_code, runs(&bench)), (Some(21), 1), "{point}");
    }
}

#[tokio::test]
async fn a_shim_that_crashes_after_the_start_is_never_launched_again() {
    for (point, at_most) in [("shim.started", 0), ("shim.released", 1), ("shim.ended", 1)] {
        let (bench, launched) = crash_at(point).await;
        assert!(launched.is_ok(), "{point}: {launched:?}");

        assert_eq!(recover(&bench).await, Some(End::Vanished), "{point}");

        assert!(runs(&bench) <= at_most, "{point}: {} runs", runs(&bench));
        let again = bench
            .restarted()
            .prepare(&name("job"), ledger_command())
            .await;
        assert!(
            matches!(again, Err(WorkerError::AlreadyStarted { .. })),
            "{point}: {again:?}"
        );
    }
}

#[tokio::test]
async fn a_shim_that_crashes_after_the_result_has_told_it() {
    let (bench, launched) = crash_at("shim.result").await;
    assert!(launched.is_ok(), "{launched:?}");

    let Some(End::Outcome(outcome)) = recover(&bench).await else {
        panic!("the result is there");
    };

    assert_eq!((outcome.exit_code, runs(&bench)), (Some(21), 1));
}

#[tokio::test]
async fn a_shim_that_freezes_past_its_time_leaves_when_it_wakes() {
    let bench = Bench::with_fail_points("shim.ready=pause");
    let name = name("job");
    let prepared = within("ready", bench.worker.prepare(&name, ledger_command())).await;
    let shim = shim_pid(&bench.folder(&name));
    let go = tokio::spawn(prepared.expect("it says ready first").go());
    wait_for("the shim freezes", || {
        let stat = proctor_shim::procfs::Stat::of(shim).expect("/proc is mounted")?;
        (stat.state == 'T').then_some(())
    })
    .await;
    // Meanwhile another launch cannot get in, whatever the time.
    let other = within(
        "the refusal",
        bench.restarted().prepare(&name, ledger_command()),
    )
    .await;
    assert!(matches!(other, Err(WorkerError::Held { .. })), "{other:?}");
    assert!(!go.is_finished());

    signal(shim, Signal::CONT);

    let went = within("go", go).await.expect("no panic");
    assert!(
        matches!(went, Err(WorkerError::NotStarted { .. })),
        "{went:?}"
    );
    assert_eq!(runs(&bench), 0);
    let Some(End::Outcome(outcome)) = recover(&bench).await else {
        panic!("it runs in the end");
    };
    assert_eq!((outcome.exit_code, runs(&bench)), (Some(21), 1));
}

/// Not a test of its own: the process that `a_worker_that_crashes_is_recovered_from` lets crash.
#[tokio::test]
async fn crashing_worker() {
    let Some(root) = root_of_another_process() else {
        return;
    };
    let worker =
        proctor_worker::Worker::open(root.into(), crate::support::shim()).expect("a worker");
    let prepared = worker
        .prepare(&name("job"), ledger_command())
        .await
        .expect("it is ready");
    prepared
        .go()
        .await
        .expect("it goes")
        .wait()
        .await
        .expect("it ends");
}

#[tokio::test]
async fn a_worker_that_crashes_is_recovered_from() {
    for point in [
        "worker.folder",
        "worker.spawned",
        "worker.go",
        "worker.gone",
    ] {
        let bench = Bench::new();
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "crashes::crashing_worker"])
            .env(OTHER_PROCESS_ROOT, &bench.root)
            .env(failpoint::VARIABLE, format!("{point}=crash"))
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        let status = tokio::task::spawn_blocking(move || process.wait())
            .await
            .expect("no panic");
        assert!(
            !status.expect("it ended").success(),
            "{point}: it did not crash"
        );

        // The shim may be on its way, in either direction, when the owner comes back.
        let recovered = within("the recovery", recover_patiently(&bench)).await;

        let End::Outcome(outcome) = recovered else {
            panic!("{point}: the shim was not harmed");
        };
        assert_eq!((outcome.exit_code, runs(&bench)), (Some(21), 1), "{point}");
    }
}

async fn recover_patiently(bench: &Bench) -> End {
    let worker = bench.restarted();
    match worker.prepare(&name("job"), ledger_command()).await {
        Ok(prepared) => end(&prepared.go().await.expect("it goes")).await,
        Err(WorkerError::AlreadyStarted { .. }) => recover(bench).await.expect("it has an end"),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_frozen_shim_that_is_killed_leaves_nobody() {
    let bench = Bench::with_fail_points("shim.released=pause");
    let name = name("job");
    let prepared = bench
        .worker
        .prepare(&name, sh("exec sleep 1000"))
        .await
        .expect("it is ready");
    let job = prepared.go().await.expect("it goes");
    let shim = shim_pid(&bench.folder(&name));
    job.stop(Duration::ZERO)
        .await
        .expect("the request is stored");

    signal(shim, Signal::KILL);

    assert_eq!(end(&job).await, End::Vanished);
    assert!(!lives(job.pid()));
}
