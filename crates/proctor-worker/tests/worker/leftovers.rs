//! Nothing of a job outlives it: no process, no zombie, no open end.

use std::fs;
use std::path::Path;
use std::time::Duration;

use proctor_worker::{End, Found};
use rustix::process::Signal;

use crate::support::{
    Bench, end, exists, inspect, line_of, lives, name, outcome, pid_in, read_all, sh, shim_pid,
    signal, wait_for,
};

/// A daemon by the book: two forks, a session of its own, and its pid in `daemon`.
const DAEMON: &str = "setsid sh -c 'sleep 1000 & echo $! > daemon'";

async fn pid_at(folder: &Path, file: &str) -> i32 {
    pid_in(&folder.join("work").join(file)).await
}

#[tokio::test]
async fn a_daemon_goes_with_its_job() {
    let bench = Bench::new();
    let name = name("job");
    let script = format!("{DAEMON} >/dev/null 2>&1 </dev/null; exit 0");

    let job = bench.start(&name, sh(&script)).await;
    let outcome = outcome(&job).await;

    let daemon = pid_at(&bench.folder(&name), "daemon").await;
    assert_eq!(outcome.exit_code, Some(0));
    assert!(!exists(daemon), "the daemon lives on");
}

#[tokio::test]
async fn a_daemon_that_holds_the_output_open_delays_nobody() {
    let bench = Bench::new();
    let name = name("job");
    let script = format!("echo hello; {DAEMON}; exit 0");
    let job = bench.start(&name, sh(&script)).await;

    let outcome = outcome(&job).await;

    assert!(outcome.finished_at_ms - outcome.started_at_ms < 10_000);
    let daemon = pid_at(&bench.folder(&name), "daemon").await;
    assert!(!exists(daemon));
    assert_eq!(read_all(bench.worker.output(&name, 0)).await.len(), 2);
}

#[tokio::test]
async fn children_in_the_background_go_too() {
    let bench = Bench::new();
    let name = name("job");
    let script = "sleep 1000 & echo $! > child; (trap '' TERM HUP; sleep 1000) & exit 3";

    let job = bench.start(&name, sh(script)).await;

    assert_eq!(outcome(&job).await.exit_code, Some(3));
    assert!(!exists(pid_at(&bench.folder(&name), "child").await));
    let all = proctor_shim::procfs::Stat::all().expect("/proc is mounted");
    assert!(!all.iter().any(|stat| stat.session == job.pid()));
}

#[tokio::test]
async fn orphans_are_reaped_while_the_command_runs() {
    let bench = Bench::new();
    let name = name("job");
    let script = "i=0; while [ $i -lt 300 ]; do (true &) ; i=$((i+1)); done; echo $$ > ready; exec sleep 1000";
    let job = bench.start(&name, sh(script)).await;
    let folder = bench.folder(&name);
    pid_at(&folder, "ready").await;
    let shim = shim_pid(&folder);

    wait_for("no zombie below the shim", || {
        let all = proctor_shim::procfs::Stat::all().expect("/proc is mounted");
        (!all
            .iter()
            .any(|stat| stat.parent == shim && stat.is_zombie()))
        .then_some(())
    })
    .await;

    job.stop(Duration::ZERO).await.expect("it is stopped");
    end(&job).await;
}

#[tokio::test]
async fn the_shim_itself_is_reaped() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench.start(&name, sh("true")).await;
    end(&job).await;

    let shim = shim_pid(&bench.folder(&name));
    wait_for("the shim is reaped", || (!exists(shim)).then_some(())).await;
}

#[tokio::test]
async fn a_killed_shim_takes_the_command_along() {
    let bench = Bench::new();
    let name = name("job");
    let script = "echo before; sleep 1000 & echo $! > child; echo $$ > ready; wait";
    let job = bench.start(&name, sh(script)).await;
    let folder = bench.folder(&name);
    let command = pid_at(&folder, "ready").await;
    let child = pid_at(&folder, "child").await;
    let reader = tokio::spawn(read_all(bench.worker.output(&name, 0)));

    signal(shim_pid(&folder), Signal::KILL);

    assert_eq!(end(&job).await, End::Vanished);
    assert!(
        !lives(command) && !lives(child),
        "something of the job lives on"
    );
    assert!(matches!(
        inspect(&bench.worker, &name).await,
        Found::Vanished
    ));
    assert!(matches!(
        inspect(&bench.restarted(), &name).await,
        Found::Vanished
    ));
    let seen = reader.await.expect("the reader ends by itself");
    assert_eq!(crate::support::joined(&seen), b"before\n");
}

#[tokio::test]
async fn a_later_attempt_is_found_as_well() {
    let bench = Bench::new();
    let name = name("job");
    let mut spec =
        sh("test -e again || { touch again; exit 1; }; sleep 1000 & echo $! > child; wait");
    spec.retries = 1;
    let job = bench.start(&name, spec).await;
    let folder = bench.folder(&name);
    let child = pid_at(&folder, "child").await;

    signal(shim_pid(&folder), Signal::KILL);

    assert_eq!(end(&job).await, End::Vanished);
    assert!(!lives(child), "a child of the second attempt lives on");
}

#[tokio::test]
async fn a_reader_can_be_told_to_finish() {
    let bench = Bench::new();
    let name = name("job");
    bench.worker.make_folder(&name).await.expect("a folder");
    fs::write(bench.folder(&name).join("out.log"), "half").expect("output");
    let mut reader = bench.worker.output(&name, 0);

    reader.finish();

    assert_eq!(read_all(reader).await.len(), 2);
}

#[tokio::test]
async fn a_job_in_its_own_process_group_is_stopped_all_the_same() {
    let bench = Bench::new();
    let name = name("job");
    // An interactive shell puts each child into a group of its own.
    let job = bench
        .start(
            &name,
            sh("set -m; sleep 1000 & echo $! > child; echo $$ > ready; wait"),
        )
        .await;
    let folder = bench.folder(&name);
    line_of(&folder.join("work/ready")).await;
    let child = pid_at(&folder, "child").await;

    job.stop(Duration::from_millis(100))
        .await
        .expect("it is stopped");
    end(&job).await;

    assert!(!exists(child));
}
