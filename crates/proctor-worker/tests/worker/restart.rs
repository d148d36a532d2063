//! A worker that comes back finds every job as it is, and never touches what is not its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proctor_shim::ProcessIdentity;
use proctor_worker::{Found, WorkerError};

use crate::support::{
    Bench, all_output, attached, inspect, lives, name, outcome, pid_in, sh, wait_for,
};

#[tokio::test]
async fn a_restarted_worker_takes_up_a_running_job() {
    let bench = Bench::new();
    let name = name("job");
    let script =
        "seq 1000; echo $$ > ready; while ! test -e go; do sleep 0.01; done; seq 1000; exit 17";
    let started = bench.start(&name, sh(script)).await.started().clone();
    let folder = bench.folder(&name);
    pid_in(&folder.join("work/ready")).await;

    let worker = bench.restarted();
    let job = attached(&worker, &name).await;
    fs::write(folder.join("work/go"), "").expect("a file");

    assert_eq!(job.started(), &started);
    assert_eq!(outcome(&job).await.exit_code, Some(17));
    let half: String = (1..=1000).map(|number| format!("{number}\n")).collect();
    assert_eq!(
        all_output(&worker, &name).await,
        half.repeat(2).into_bytes()
    );
}

#[tokio::test]
async fn a_restarted_worker_can_stop_a_job() {
    let bench = Bench::new();
    let name = name("job");
    bench.start(&name, sh("exec sleep 1000")).await;

    let job = attached(&bench.restarted(), &name).await;
    job.stop(std::time::Duration::from_secs(100))
        .await
        .expect("it is stopped");

    assert_eq!(outcome(&job).await.signal, Some(15));
}

#[tokio::test]
async fn a_job_that_ended_unwatched_has_its_result() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench.start(&name, sh("echo done; exit 5")).await;
    drop(job);
    let result = bench.folder(&name).join("result");
    wait_for("the result", || result.exists().then_some(())).await;

    let Found::Ended(outcome) = inspect(&bench.restarted(), &name).await else {
        panic!("it has ended");
    };

    assert_eq!((outcome.exit_code, outcome.output_bytes), (Some(5), 5));
}

/// Some process that is none of ours.
fn alien() -> (Child, ProcessIdentity) {
    let child = Command::new("/usr/bin/setsid")
        .args(["/bin/sleep", "1000"])
        .stdin(Stdio::null())
        .spawn()
        .expect("a process");
    let pid = i32::try_from(child.id()).expect("a pid");
    let identity = ProcessIdentity::of(pid)
        .expect("/proc is mounted")
        .expect("it runs");
    (child, identity)
}

/// Makes a folder look as if its shim and command had been these.
fn forge(folder: &Path, shim: &ProcessIdentity, command: &ProcessIdentity) {
    fs::create_dir_all(folder.join("work")).expect("a folder");
    let started = serde_json::json!({
        "pid": command.pid,
        "start_time": command.start_time,
        "boot_id": command.boot_id,
        "started_at_ms": 1,
    });
    let shim = serde_json::to_vec(shim).expect("it is JSON");
    fs::write(folder.join("shim.json"), shim).expect("a file");
    fs::write(folder.join("started"), started.to_string()).expect("a file");
}

#[tokio::test]
async fn processes_of_an_earlier_boot_are_not_touched() {
    let bench = Bench::new();
    let (mut child, mut identity) = alien();
    identity.boot_id = "another-boot".to_owned();
    forge(&bench.folder(&name("job")), &identity, &identity);

    assert!(matches!(
        inspect(&bench.worker, &name("job")).await,
        Found::Vanished
    ));

    assert!(lives(identity.pid), "an alien was killed");
    child.kill().expect("it is ours");
    child.wait().expect("it is reaped");
}

#[tokio::test]
async fn a_reused_pid_is_not_touched() {
    let bench = Bench::new();
    let (mut child, mut identity) = alien();
    identity.start_time -= 1;
    forge(&bench.folder(&name("job")), &identity, &identity);

    assert!(matches!(
        inspect(&bench.worker, &name("job")).await,
        Found::Vanished
    ));

    assert!(lives(identity.pid), "an alien was killed");
    child.kill().expect("it is ours");
    child.wait().expect("it is reaped");
}

#[tokio::test]
async fn what_a_dead_shim_left_is_ended() {
    let bench = Bench::new();
    let (mut child, command) = alien();
    // `setsid` forks when it leads a group; here it does not, so the child is the session.
    wait_for("the session", || {
        let stat = proctor_shim::procfs::Stat::of(command.pid).expect("/proc is mounted")?;
        (stat.session == command.pid).then_some(())
    })
    .await;
    let mut dead = command.clone();
    dead.start_time -= 1;
    forge(&bench.folder(&name("job")), &dead, &command);

    assert!(matches!(
        inspect(&bench.worker, &name("job")).await,
        Found::Vanished
    ));

    assert!(!lives(command.pid), "it lives on");
    child.wait().expect("it is reaped");
}

#[tokio::test]
async fn a_corrupt_file_is_named_and_harms_no_other_job() {
    let bench = Bench::new();
    bench.run(sh("exit 3")).await;
    for (job, file) in [("one", "result"), ("two", "started")] {
        fs::create_dir(bench.root.join(job)).expect("a folder");
        fs::write(bench.root.join(job).join(file), "{\"cause\":").expect("a file");

        let error = bench
            .worker
            .inspect(&name(job))
            .await
            .expect_err("it is corrupt");

        assert!(matches!(error, WorkerError::Corrupt { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("read {}", bench.root.join(job).join(file).display())
        );
    }
    let found = inspect(&bench.worker, &name("job")).await;
    assert!(matches!(found, Found::Ended(outcome) if outcome.exit_code == Some(3)));
}

#[tokio::test]
async fn a_shim_file_that_makes_no_sense_leaves_the_decision_to_the_lock() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench.start(&name, sh("exec sleep 1000")).await;
    fs::write(bench.folder(&name).join("shim.json"), "").expect("a file");

    let held = bench
        .worker
        .inspect(&name)
        .await
        .expect_err("somebody holds the lock");
    job.stop(std::time::Duration::ZERO)
        .await
        .expect("it is stopped");
    outcome(&job).await;

    assert!(matches!(held, WorkerError::Held { .. }), "{held:?}");
    assert!(matches!(
        inspect(&bench.worker, &name).await,
        Found::Ended(_)
    ));
}

#[tokio::test]
async fn foreign_files_in_a_folder_are_no_obstacle() {
    let bench = Bench::new();
    let name = name("job");
    bench.worker.make_folder(&name).await.expect("a folder");
    for file in ["core", "result.tmp", "started.tmp", "stop.9.9", "notes.txt"] {
        fs::write(bench.folder(&name).join(file), "x".repeat(9000)).expect("a file");
    }

    let (outcome, _) = bench.run(sh("exit 6")).await;

    assert_eq!(outcome.exit_code, Some(6));
}
