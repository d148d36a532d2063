//! Starting a job in two steps: the shim is made ready, and runs the command only when told to go.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use proctor_shim::protocol::{GO, PATIENCE};
use proctor_shim::{Answer, Folder, ProcessIdentity, Refusal, Spec, failpoint, record};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep, timeout_at};

use crate::blocking::blocking;
use crate::conclusion;
use crate::error::WorkerError;
use crate::folders;
use crate::job::Job;
use crate::name::JobName;
use crate::shim::ShimProcess;

mod answers;
use answers::Answers;

/// A shim that has not been told to go leaves within its patience; a little more for a busy host.
const HELD_PATIENCE: Duration = PATIENCE.saturating_add(Duration::from_secs(2));

/// Between two tries while the holder of the lock has not said yet who it is.
const HELD_RETRY: Duration = Duration::from_millis(50);

/// Spawns shims.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) shim: PathBuf,
    pub(crate) fail_points: Option<OsString>,
}

/// A job that is ready to run. Dropping it instead of calling [`PreparedJob::go`] means that nothing ever runs.
#[derive(Debug)]
pub struct PreparedJob {
    folder: Folder,
    shim: Arc<ShimProcess>,
    orders: pipe::Sender,
    answers: Answers,
}

impl Launcher {
    pub(crate) async fn prepare(
        &self,
        name: &JobName,
        folder: Folder,
        spec: Spec,
    ) -> Result<PreparedJob, WorkerError> {
        let frame = spec.encode().map_err(|source| WorkerError::Spec {
            name: name.clone(),
            source,
        })?;
        let give_up = Instant::now() + HELD_PATIENCE;
        loop {
            let mut prepared = self.spawn(&folder).await?;
            failpoint::hit("worker.spawned");
            let reason = match prepared.hand_over(&frame).await? {
                Answer::Ready(_) => return Ok(prepared),
                Answer::Refused(Refusal::Started) => {
                    return Err(WorkerError::AlreadyStarted { name: name.clone() });
                }
                Answer::Refused(Refusal::Held) => {
                    wait_until_left(name, &folder, give_up).await?;
                    continue;
                }
                Answer::Refused(Refusal::Failed(reason)) => reason,
                Answer::Started(_) => "the shim spoke out of turn".to_owned(),
            };
            return Err(not_started(folder.path(), reason));
        }
    }

    async fn spawn(&self, folder: &Folder) -> Result<PreparedJob, WorkerError> {
        let (folder, shim) = (folder.clone(), self.shim.clone());
        let fail_points = self.fail_points.clone();
        let path = folder.path().to_owned();
        blocking(&path, move || spawn(folder, &shim, fail_points)).await
    }
}

fn spawn(
    folder: Folder,
    shim: &Path,
    fail_points: Option<OsString>,
) -> Result<PreparedJob, WorkerError> {
    folders::make(&folder)?;
    let log = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(folder.shim_log())
        .map_err(WorkerError::io("create", &folder.shim_log()))?;
    let mut child = Command::new(shim)
        .arg(folder.path())
        .env_clear()
        .envs(fail_points.map(|points| (failpoint::VARIABLE, points)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(WorkerError::io("run", shim))?;
    let (orders, answers) = (child.stdin.take(), child.stdout.take());
    let supervise = WorkerError::io("supervise", shim);
    let shim_process = ShimProcess::of_child(child).map_err(supervise)?;
    let (Some(orders), Some(answers)) = (orders, answers) else {
        return Err(not_started(folder.path(), "the shim has no pipes".into()));
    };
    let pipes = WorkerError::io("talk to", shim);
    let (orders, answers) = pipe::Sender::from_owned_fd(OwnedFd::from(orders))
        .and_then(|orders| Ok((orders, Answers::new(OwnedFd::from(answers))?)))
        .map_err(pipes)?;
    Ok(PreparedJob {
        folder,
        shim: shim_process,
        orders,
        answers,
    })
}

/// Waits until the shim that holds the folder has left, or for a moment if it has not said who it is. One that
/// has started its command is not waited for.
async fn wait_until_left(
    name: &JobName,
    folder: &Folder,
    give_up: Instant,
) -> Result<(), WorkerError> {
    if conclusion::started(folder).await?.is_some() {
        return Err(WorkerError::AlreadyStarted { name: name.clone() });
    }
    if Instant::now() >= give_up {
        return Err(WorkerError::Held {
            path: folder.path().to_owned(),
        });
    }
    let known: Option<ProcessIdentity> =
        record::read(&folder.shim()).map_err(WorkerError::record(&folder.shim()))?;
    let holder = match known {
        Some(identity) => ShimProcess::attach(&identity)
            .map_err(WorkerError::io("find the shim of", folder.path()))?,
        None => None,
    };
    match holder {
        // Whether it left in time shows when the lock is tried again.
        Some(holder) => drop(timeout_at(give_up, holder.ended()).await),
        None => sleep(HELD_RETRY).await,
    }
    Ok(())
}

impl PreparedJob {
    /// The shim that will run it, for a caller who wants to find it should its folder be lost.
    pub fn shim(&self) -> &ProcessIdentity {
        self.shim.identity()
    }

    /// Lets the command run and returns once its start is on disk.
    ///
    /// After an error nothing has run. A call that is dropped before it returns leaves that open:
    /// [`crate::Worker::inspect`] tells.
    pub async fn go(mut self) -> Result<Job, WorkerError> {
        failpoint::hit("worker.go");
        // A shim that has left cannot read; its last words say why.
        let _ = self.orders.write_all(GO).await;
        drop(self.orders);
        failpoint::hit("worker.gone");
        let reason = match self.answers.next().await {
            Some(Answer::Started(started)) => return Ok(Job::new(self.folder, started, self.shim)),
            Some(Answer::Refused(Refusal::Failed(reason))) => reason,
            Some(answer) => format!("the shim answered {answer:?}"),
            None => "the shim left without running it".to_owned(),
        };
        let mut started = conclusion::started(&self.folder).await?;
        if started.is_none() {
            self.shim.ended().await;
            started = conclusion::started(&self.folder).await?;
        }
        match started {
            Some(started) => Ok(Job::new(self.folder, started, self.shim)),
            None => Err(not_started(self.folder.path(), reason)),
        }
    }

    async fn hand_over(&mut self, frame: &[u8]) -> Result<Answer, WorkerError> {
        let deadline = Instant::now() + HELD_PATIENCE;
        let exchange = async {
            // It may refuse before it has read everything: only its answer counts.
            let _ = self.orders.write_all(frame).await;
            self.answers.next().await
        };
        match timeout_at(deadline, exchange).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(not_started(
                self.folder.path(),
                "the shim left before it was ready".to_owned(),
            )),
            Err(_) => Err(not_started(
                self.folder.path(),
                "the shim does not answer".to_owned(),
            )),
        }
    }
}

fn not_started(path: &Path, reason: String) -> WorkerError {
    WorkerError::NotStarted {
        path: path.to_owned(),
        reason,
    }
}
