//! The two steps of a launch, and what becomes of it when one of them does not come.

use std::fs;
use std::path::PathBuf;

use proctor_worker::{Found, Spec, Worker, WorkerError};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::support::{
    Bench, OTHER_PROCESS_ROOT, end, inspect, lives, name, outcome, root_of_another_process, sh,
    shim, shim_pid, wait_for, within,
};

const LEDGER: &str = "echo run >> ledger";

#[tokio::test]
async fn a_prepared_job_that_is_dropped_never_runs() {
    let bench = Bench::new();
    let name = name("job");
    let prepared = bench
        .worker
        .prepare(&name, sh(LEDGER))
        .await
        .expect("it is ready");
    let shim = shim_pid(&bench.folder(&name));

    drop(prepared);

    wait_for("the shim leaves", || (!lives(shim)).then_some(())).await;
    assert!(matches!(
        inspect(&bench.worker, &name).await,
        Found::NotStarted
    ));
    assert!(!bench.folder(&name).join("work/ledger").exists());
}

#[tokio::test]
async fn a_folder_that_was_left_can_be_launched_again() {
    let bench = Bench::new();
    let name = name("job");
    drop(
        bench
            .worker
            .prepare(&name, sh(LEDGER))
            .await
            .expect("it is ready"),
    );

    let job = bench.start(&name, sh(LEDGER)).await;

    assert_eq!(outcome(&job).await.exit_code, Some(0));
    let ledger = fs::read_to_string(bench.folder(&name).join("work/ledger")).expect("it ran");
    assert_eq!(ledger, "run\n");
}

#[tokio::test]
async fn a_shim_that_holds_the_folder_is_waited_for() {
    let bench = Bench::new();
    let name = name("job");
    let first = bench
        .worker
        .prepare(&name, sh(LEDGER))
        .await
        .expect("it is ready");
    let (worker, again) = (bench.restarted(), name.clone());
    let second = tokio::spawn(async move { worker.prepare(&again, sh("exit 8")).await });
    // The second shim has been refused at least once when the first one is let go.
    let log = bench.folder(&name).join("shim.log");
    assert!(log.exists());

    drop(first);

    let second = within("the second launch", second).await.expect("no panic");
    let job = second.expect("it is ready").go().await.expect("it goes");
    assert_eq!(outcome(&job).await.exit_code, Some(8));
}

#[tokio::test]
async fn a_second_launch_of_a_running_job_is_refused() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench.start(&name, sh("exec sleep 1000")).await;

    let error = within("the refusal", bench.restarted().prepare(&name, sh(LEDGER)))
        .await
        .expect_err("it runs");

    assert!(
        matches!(error, WorkerError::AlreadyStarted { .. }),
        "{error:?}"
    );
    job.stop(std::time::Duration::ZERO)
        .await
        .expect("it is stopped");
    end(&job).await;
    let error = bench
        .worker
        .prepare(&name, sh(LEDGER))
        .await
        .expect_err("it has run");
    assert!(
        matches!(error, WorkerError::AlreadyStarted { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_shim_without_go_leaves_after_ten_seconds() {
    let bench = Bench::new();
    let name = name("job");
    let since = std::time::Instant::now();
    let prepared = bench
        .worker
        .prepare(&name, sh(LEDGER))
        .await
        .expect("it is ready");
    let shim = shim_pid(&bench.folder(&name));

    wait_for("the shim leaves", || (!lives(shim)).then_some(())).await;

    assert!(since.elapsed().as_secs() >= 9, "{:?}", since.elapsed());
    let error = prepared.go().await.expect_err("it is too late");
    assert!(matches!(error, WorkerError::NotStarted { .. }), "{error:?}");
    assert!(!bench.folder(&name).join("work/ledger").exists());
}

#[tokio::test]
async fn an_impossible_spec_is_refused() {
    let bench = Bench::new();

    let error = bench
        .worker
        .prepare(&name("job"), Spec::default())
        .await
        .expect_err("no program");

    assert!(matches!(error, WorkerError::Spec { .. }), "{error:?}");
    assert!(matches!(
        inspect(&bench.worker, &name("job")).await,
        Found::Absent
    ));
}

#[tokio::test]
async fn a_missing_shim_is_named() {
    let folder = tempfile::tempdir().expect("a folder");

    let error = Worker::open(folder.path().join("jobs"), PathBuf::from("/no/such/shim"))
        .expect_err("there is no shim");
    assert_eq!(error.to_string(), "find the shim /no/such/shim");

    let copy = folder.path().join("shim");
    fs::copy(shim(), &copy).expect("a copy");
    let worker = Worker::open(folder.path().join("jobs"), copy.clone()).expect("a worker");
    fs::remove_file(&copy).expect("it is there");
    let error = worker
        .prepare(&name("job"), sh(LEDGER))
        .await
        .expect_err("the shim is gone");
    assert_eq!(error.to_string(), format!("run {}", copy.display()));
}

#[tokio::test]
async fn jobs_are_listed_and_removed() {
    let bench = Bench::new();
    let (one, two) = (name("one"), name("two"));
    bench.worker.make_folder(&one).await.expect("a folder");
    let job = bench.start(&two, sh("exec sleep 1000")).await;
    fs::write(bench.root.join("file"), "").expect("a foreign file");
    fs::create_dir(bench.root.join(".hidden")).expect("a foreign folder");
    let mut names = bench.worker.names().await.expect("a listing");
    names.sort();
    assert_eq!(names, [one.clone(), two.clone()]);

    let error = bench.worker.remove(&two).await.expect_err("it runs");
    assert!(matches!(error, WorkerError::Held { .. }), "{error:?}");
    job.stop(std::time::Duration::ZERO)
        .await
        .expect("it is stopped");
    end(&job).await;
    for name in [&one, &two, &two] {
        bench.worker.remove(name).await.expect("it is removed");
    }

    assert_eq!(bench.worker.names().await.expect("a listing"), []);
    assert!(matches!(inspect(&bench.worker, &two).await, Found::Absent));
}

#[tokio::test]
async fn a_prepared_job_cannot_be_removed() {
    let bench = Bench::new();
    let name = name("job");
    let prepared = bench
        .worker
        .prepare(&name, sh("exit 2"))
        .await
        .expect("it is ready");

    let error = bench.worker.remove(&name).await.expect_err("a shim has it");

    assert!(matches!(error, WorkerError::Held { .. }), "{error:?}");
    let job = prepared.go().await.expect("it goes");
    assert_eq!(outcome(&job).await.exit_code, Some(2));
}

/// Not a test of its own: a process in which descriptors are scarce.
#[tokio::test]
async fn starving_worker() {
    let Some(root) = root_of_another_process() else {
        return;
    };
    let bench = Bench::at(root.into(), "");
    let limit = |soft| {
        let mut now = getrlimit(Resource::Nofile);
        now.current = Some(soft);
        setrlimit(Resource::Nofile, now).expect("the limit is lowered");
    };
    let open = fs::read_dir("/proc/self/fd")
        .expect("/proc is mounted")
        .count() as u64;
    let mut refusals = 0;
    for more in 0..16 {
        let name = name(&format!("job-{more}"));
        limit(open + more);
        let first = match bench.worker.prepare(&name, sh(LEDGER)).await {
            Ok(prepared) => prepared.go().await.ok(),
            Err(error) => {
                assert!(matches!(error, WorkerError::Io { .. }), "{error:?}");
                refusals += 1;
                None
            }
        };
        limit(1024);
        let job = match first {
            Some(job) => job,
            None => match inspect(&bench.worker, &name).await {
                Found::Absent | Found::NotStarted => bench.start(&name, sh(LEDGER)).await,
                Found::Running(job) => job,
                Found::Ended(_) => continue,
                Found::Vanished => panic!("nothing was killed"),
            },
        };
        assert_eq!(outcome(&job).await.exit_code, Some(0));
        let ledger = fs::read_to_string(bench.folder(&name).join("work/ledger")).expect("it ran");
        assert_eq!(ledger, "run\n", "with room for {more}");
    }
    assert!(refusals > 0, "it was never scarce");
}

#[tokio::test]
async fn a_worker_without_descriptors_refuses_and_recovers() {
    let bench = Bench::new();
    let output = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "launch::starving_worker"])
        .env(OTHER_PROCESS_ROOT, &bench.root)
        .output()
        .expect("a process");

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(bench.worker.names().await.expect("a listing").len(), 16);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let bench = Bench::new();
    fs::write(bench.root.join("job"), "not a folder").expect("a foreign file");

    let error = bench
        .worker
        .prepare(&name("job"), sh(LEDGER))
        .await
        .expect_err("no folder");

    assert_eq!(
        error.to_string(),
        format!("create {}", bench.root.join("job").display())
    );
}
