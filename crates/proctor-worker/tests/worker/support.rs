//! A worker on a folder of its own, the commands that tests run, and waiting for conditions.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proctor_shim::procfs::Stat;
use proctor_worker::{End, Found, Job, JobName, Outcome, Output, OutputReader, Spec, Worker};
use tempfile::TempDir;

/// Longer than anything takes on a busy host; only a broken test waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Set in a process that a test starts from this same binary.
pub const OTHER_PROCESS_ROOT: &str = "PROCTOR_TEST_OTHER_PROCESS_ROOT";

pub fn root_of_another_process() -> Option<std::ffi::OsString> {
    std::env::var_os(OTHER_PROCESS_ROOT)
}

pub struct Bench {
    pub worker: Worker,
    pub root: PathBuf,
    _folder: Option<TempDir>,
}

pub fn shim() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let shim = test
        .ancestors()
        .nth(2)
        .expect("it lies in target/*/deps")
        .join("proctor-shim");
    assert!(
        shim.exists(),
        "{} is missing: run make build first",
        shim.display()
    );
    shim
}

impl Bench {
    pub fn new() -> Self {
        Self::with_fail_points("")
    }

    pub fn with_fail_points(points: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("jobs");
        let mut bench = Self::at(root, points);
        bench._folder = Some(folder);
        bench
    }

    pub fn at(root: PathBuf, points: &str) -> Self {
        let points = Some(points.into()).filter(|_| !points.is_empty());
        let worker = Worker::open_with_fail_points(root.clone(), shim(), points).expect("a worker");
        Self {
            worker,
            root,
            _folder: None,
        }
    }

    /// A worker that knows nothing of this one, as after a restart.
    pub fn restarted(&self) -> Worker {
        Worker::open_with_fail_points(self.root.clone(), shim(), None).expect("a worker")
    }

    pub fn folder(&self, name: &JobName) -> PathBuf {
        self.root.join(name.as_str())
    }

    pub async fn start(&self, name: &JobName, spec: Spec) -> Job {
        let prepared = self
            .worker
            .prepare(name, spec)
            .await
            .expect("it can be prepared");
        prepared.go().await.expect("it can go")
    }

    /// Runs a command to its end and returns outcome and output.
    pub async fn run(&self, spec: Spec) -> (Outcome, Vec<u8>) {
        let name = name("job");
        let job = self.start(&name, spec).await;
        let outcome = outcome(&job).await;
        (outcome, all_output(&self.worker, &name).await)
    }
}

pub fn name(text: &str) -> JobName {
    text.parse().expect("a job name")
}

/// A shell script with nothing but `PATH` around it, and a short grace.
pub fn sh(script: &str) -> Spec {
    command(&["/bin/sh", "-c", script])
}

pub fn command(argv: &[&str]) -> Spec {
    Spec {
        argv: argv.iter().map(Into::into).collect(),
        env: vec![("PATH".into(), PATH.into())],
        grace_ms: 10_000,
        ..Spec::default()
    }
}

pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

pub async fn end(job: &Job) -> End {
    within("the job ends", job.wait())
        .await
        .expect("its end is known")
}

pub async fn outcome(job: &Job) -> Outcome {
    match end(job).await {
        End::Outcome(outcome) => outcome,
        End::Vanished => panic!("the job vanished"),
    }
}

/// Everything a reader sees, up to the end.
pub async fn read_all(mut reader: OutputReader) -> Vec<Output> {
    let mut seen = Vec::new();
    loop {
        let step = within("the output goes on", reader.next(64 * 1024))
            .await
            .expect("it is read");
        let is_end = matches!(step, Output::End { .. });
        seen.push(step);
        if is_end {
            return seen;
        }
    }
}

pub async fn all_output(worker: &Worker, name: &JobName) -> Vec<u8> {
    joined(&read_all(worker.output(name, 0)).await)
}

/// The bytes, which must follow each other without a gap.
pub fn joined(steps: &[Output]) -> Vec<u8> {
    let mut all: Vec<u8> = Vec::new();
    for step in steps {
        if let Output::Bytes { offset, bytes } = step {
            assert_eq!(*offset, all.len() as u64, "a gap in the output");
            all.extend_from_slice(bytes);
        }
    }
    all
}

/// Waits until `look` finds something; `what` says what was waited for.
pub async fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The content of a file once it ends with a line's end.
pub async fn line_of(path: &Path) -> String {
    wait_for(&format!("a line in {}", path.display()), || {
        let text = std::fs::read_to_string(path).ok()?;
        text.ends_with('\n').then(|| text.trim().to_owned())
    })
    .await
}

pub async fn pid_in(path: &Path) -> i32 {
    line_of(path).await.parse().expect("a pid")
}

pub fn lives(pid: i32) -> bool {
    Stat::of(pid)
        .expect("/proc is mounted")
        .is_some_and(|stat| !stat.is_zombie())
}

/// Whether there is any trace of it, zombies included.
pub fn exists(pid: i32) -> bool {
    Stat::of(pid).expect("/proc is mounted").is_some()
}

pub fn shim_pid(folder: &Path) -> i32 {
    let text = std::fs::read(folder.join("shim.json")).expect("the shim said who it is");
    let shim: proctor_shim::ProcessIdentity = serde_json::from_slice(&text).expect("in JSON");
    shim.pid
}

pub fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, signal).expect("it can be signalled");
}

pub async fn inspect(worker: &Worker, name: &JobName) -> Found {
    within("the job is inspected", worker.inspect(name))
        .await
        .expect("the folder makes sense")
}

pub async fn attached(worker: &Worker, name: &JobName) -> Job {
    match inspect(worker, name).await {
        Found::Running(job) => job,
        other => panic!("the job runs, but was found {other:?}"),
    }
}
