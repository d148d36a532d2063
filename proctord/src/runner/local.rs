//! The local runner: each execution is a job of the worker on this host, in a folder that bears the
//! execution's name. It lives through the death of proctord; whoever opens the same data folder finds it.

mod output;
mod report;
mod spec;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use proctor_worker::{
    Found as FoundJob, InvalidName, Job, JobName, Peeked, PreparedJob, Stray, Worker, WorkerError,
};
use tokio::sync::mpsc;

use super::{
    Found, Held, HeldStage, Launch, LaunchError, Output, Prepared, RunEvent, Runner, RunnerError,
};
use crate::bundle::{self, UnpackError};
use crate::domain::execution::{Execution, Plan, RunnerKind};
use crate::domain::name::ExecutionName;
use crate::telemetry::chain;

/// The pause before the first retry, as Kubernetes has it; the shim doubles it each time.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// Runs executions on this host.
#[derive(Debug, Clone)]
pub struct LocalRunner {
    worker: Worker,
    grace: Duration,
    retry_delay: Duration,
}

impl LocalRunner {
    /// A runner whose jobs live below `root`; `grace` is what a process has between TERM and KILL when its
    /// deadline is over.
    ///
    /// # Errors
    /// The folder cannot be made, or the shim's binary is not there.
    pub fn open(root: PathBuf, shim: PathBuf, grace: Duration) -> Result<Self, WorkerError> {
        let worker = Worker::open(root, shim)?;
        Ok(Self {
            worker,
            grace,
            retry_delay: RETRY_DELAY,
        })
    }

    /// The same with another pause before the first retry.
    #[must_use]
    pub fn with_retry_delay(mut self, retry_delay: Duration) -> Self {
        self.retry_delay = retry_delay;
        self
    }

    async fn place(&self, launch: &Launch<'_>) -> Result<PreparedJob, LaunchError> {
        let execution = launch.execution;
        let name = job_name(execution).map_err(|error| unavailable(execution, error))?;
        let work = self
            .worker
            .make_folder(&name)
            .await
            .map_err(|error| unavailable(execution, error))?;
        if let Some(archive) = launch.bundle.clone() {
            bundle::unpack(archive, work.clone())
                .await
                .map_err(|error| match error {
                    UnpackError::Io { ref source, .. } if may_pass(source) => {
                        unavailable(execution, error)
                    }
                    broken => LaunchError::Refused {
                        reason: chain(&broken),
                    },
                })?;
        }
        let spec = spec::of(launch, &work, self.grace, self.retry_delay)?;
        self.worker
            .prepare(&name, spec)
            .await
            .map_err(|error| match error {
                WorkerError::Spec { source, .. } => LaunchError::Refused {
                    reason: source.to_string(),
                },
                WorkerError::AlreadyStarted { .. } => LaunchError::Started { handle: None },
                other => unavailable(execution, other),
            })
    }

    async fn job(&self, execution: &Execution) -> Result<FoundJob, RunnerError> {
        let name = job_name(execution).map_err(|error| failed("find", execution, error))?;
        self.worker
            .inspect(&name)
            .await
            .map_err(|error| failed("find", execution, error))
    }
}

#[async_trait]
impl Runner for LocalRunner {
    fn kind(&self) -> RunnerKind {
        RunnerKind::Local
    }

    fn refusal(&self, plan: &Plan) -> Option<String> {
        plan.command
            .is_none()
            .then(|| "needs a command: the local runner runs no images".to_owned())
    }

    async fn prepare(&self, launch: Launch<'_>) -> Result<Box<dyn Prepared>, LaunchError> {
        let job = self.place(&launch).await?;
        Ok(Box::new(PreparedLocal {
            job,
            execution: launch.execution.name.to_string(),
        }))
    }

    async fn inspect(&self, execution: &Execution) -> Result<Found, RunnerError> {
        Ok(match self.job(execution).await? {
            FoundJob::NotStarted => Found::NotStarted,
            // Its folder was there when it was created: who lost that lost the proof that it never ran.
            FoundJob::Absent => Found::Started,
            FoundJob::Running(_) | FoundJob::Ended(_) | FoundJob::Vanished => Found::Started,
        })
    }

    async fn watch(&self, execution: &Execution) -> Result<mpsc::Receiver<RunEvent>, RunnerError> {
        let found = self.job(execution).await?;
        let (events, receiver) = mpsc::channel(2);
        match found {
            FoundJob::Running(job) => report::follow(job, events, execution.name.to_string()),
            FoundJob::Ended(outcome) => report::tell(&events, report::end_of(&outcome)),
            FoundJob::Absent => match stray(execution)? {
                Some(stray) => report::outlive(stray, events),
                None => report::tell(&events, report::gone()),
            },
            FoundJob::Vanished | FoundJob::NotStarted => report::tell(&events, report::gone()),
        }
        Ok(receiver)
    }

    async fn stop(&self, execution: &Execution, grace: Duration) -> Result<(), RunnerError> {
        match self.job(execution).await? {
            FoundJob::Running(job) => stop(&job, execution, grace).await,
            FoundJob::Absent => match stray(execution)? {
                Some(stray) => stray
                    .stop()
                    .map_err(|error| failed("stop", execution, error)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    async fn output(
        &self,
        execution: &Execution,
        cursor: Option<String>,
    ) -> Result<Box<dyn Output>, RunnerError> {
        let name =
            job_name(execution).map_err(|error| failed("read the output of", execution, error))?;
        let cursor = output::Cursor::parse(cursor.as_deref())
            .map_err(|error| failed("read the output of", execution, error))?;
        let reader = self.worker.output(&name, cursor.offset);
        Ok(Box::new(output::LocalOutput::new(
            reader,
            cursor,
            execution.name.to_string(),
        )))
    }

    async fn held(&self) -> Result<Vec<Held>, RunnerError> {
        let names = self.worker.names().await.map_err(|source| RunnerError {
            kind: RunnerKind::Local,
            doing: "list",
            execution: "its executions".to_owned(),
            source: Box::new(source),
        })?;
        let ours = names.iter().filter_map(|name| name.as_str().parse().ok());
        Ok(ours.map(held).collect())
    }

    async fn look(&self, name: &ExecutionName) -> Result<Option<Held>, RunnerError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| RunnerError {
            kind: RunnerKind::Local,
            doing: "find",
            execution: name.to_string(),
            source,
        };
        let job: JobName = name
            .as_str()
            .parse()
            .map_err(|error: InvalidName| failed(Box::new(error)))?;
        let peeked = self.worker.peek(&job).await;
        let stage = match peeked.map_err(|error| failed(Box::new(error)))? {
            Peeked::Absent => return Ok(None),
            Peeked::NotStarted => HeldStage::Prepared,
            Peeked::Started => HeldStage::Started,
            Peeked::Over => HeldStage::Ended,
        };
        Ok(Some(Held {
            stage,
            ..held(name.clone())
        }))
    }

    async fn discard(&self, held: &Held) -> Result<(), RunnerError> {
        let name = &held.name;
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| RunnerError {
            kind: RunnerKind::Local,
            doing: "discard",
            execution: name.to_string(),
            source,
        };
        let job = name
            .as_str()
            .parse()
            .map_err(|error: InvalidName| failed(Box::new(error)))?;
        self.worker
            .remove(&job)
            .await
            .map_err(|error| failed(Box::new(error)))
    }
}

struct PreparedLocal {
    job: PreparedJob,
    execution: String,
}

#[async_trait]
impl Prepared for PreparedLocal {
    fn handle(&self) -> Option<String> {
        // Plain numbers and a text: it can always be written.
        serde_json::to_string(self.job.shim()).ok()
    }

    async fn start(self: Box<Self>) -> Result<(), RunnerError> {
        let Self { job, execution } = *self;
        job.go().await.map(drop).map_err(|error| RunnerError {
            kind: RunnerKind::Local,
            doing: "start",
            execution,
            source: Box::new(error),
        })
    }
}

/// A folder's name tells no more than this.
fn held(name: ExecutionName) -> Held {
    Held {
        name,
        handle: None,
        stage: HeldStage::Unknown,
    }
}

/// The shim of an execution whose folder is gone, if it still runs.
fn stray(execution: &Execution) -> Result<Option<Stray>, RunnerError> {
    let Some(handle) = &execution.handle else {
        return Ok(None);
    };
    let shim = serde_json::from_str(handle).map_err(|error| failed("find", execution, error))?;
    Stray::find(&shim).map_err(|error| failed("find", execution, error))
}

async fn stop(job: &Job, execution: &Execution, grace: Duration) -> Result<(), RunnerError> {
    job.stop(grace)
        .await
        .map_err(|error| failed("stop", execution, error))
}

/// Whether a file that could not be written may be written later.
fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory,
    };
    !matches!(
        error.kind(),
        AlreadyExists | InvalidFilename | InvalidInput | IsADirectory | NotADirectory
    )
}

fn job_name(execution: &Execution) -> Result<JobName, InvalidName> {
    execution.name.as_str().parse()
}

fn unavailable(
    execution: &Execution,
    source: impl std::error::Error + Send + Sync + 'static,
) -> LaunchError {
    LaunchError::Unavailable {
        kind: RunnerKind::Local,
        execution: execution.name.to_string(),
        source: Box::new(source),
    }
}

fn failed(
    doing: &'static str,
    execution: &Execution,
    source: impl std::error::Error + Send + Sync + 'static,
) -> RunnerError {
    RunnerError {
        kind: RunnerKind::Local,
        doing,
        execution: execution.name.to_string(),
        source: Box::new(source),
    }
}
