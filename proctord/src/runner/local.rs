//! The local runner: each execution is a job of the worker on this host, in a folder that bears the
//! execution's name. It lives through the death of proctord; whoever opens the same data folder finds it.

mod output;
mod report;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use proctor_worker::{Found as FoundJob, Job, JobName, PreparedJob, Spec, Worker, WorkerError};
use tokio::sync::mpsc;

use super::{Found, Launch, LaunchError, Output, Prepared, RunEvent, Runner, RunnerError};
use crate::bundle::{self, UnpackError};
use crate::domain::environment::Value;
use crate::domain::execution::{Execution, Plan, RunnerKind};
use crate::telemetry::chain;

/// What a process finds in its environment unless its args or secrets say otherwise.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The pause before the first retry, as Kubernetes has it; the shim doubles it each time.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// Runs executions on this host.
#[derive(Debug, Clone)]
pub struct LocalRunner {
    worker: Worker,
    grace: Duration,
}

impl LocalRunner {
    /// A runner whose jobs live below `root`; `grace` is what a process has between TERM and KILL when its
    /// deadline is over.
    ///
    /// # Errors
    /// The folder cannot be made, or the shim's binary is not there.
    pub fn open(root: PathBuf, shim: PathBuf, grace: Duration) -> Result<Self, WorkerError> {
        Ok(Self {
            worker: Worker::open(root, shim)?,
            grace,
        })
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
                    UnpackError::Io { .. } => unavailable(execution, error),
                    broken => LaunchError::Refused {
                        reason: chain(&broken),
                    },
                })?;
        }
        let spec = spec(launch, &work, self.grace)?;
        self.worker
            .prepare(&name, spec)
            .await
            .map_err(|error| match error {
                WorkerError::Spec { source, .. } => LaunchError::Refused {
                    reason: source.to_string(),
                },
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
            FoundJob::Absent | FoundJob::NotStarted => Found::NotStarted,
            FoundJob::Running(_) | FoundJob::Ended(_) | FoundJob::Vanished => Found::Started,
        })
    }

    async fn watch(&self, execution: &Execution) -> Result<mpsc::Receiver<RunEvent>, RunnerError> {
        let found = self.job(execution).await?;
        let (events, receiver) = mpsc::channel(2);
        match found {
            FoundJob::Running(job) => report::follow(job, events, execution.name.to_string()),
            FoundJob::Ended(outcome) => report::tell(&events, report::end_of(&outcome)),
            FoundJob::Vanished | FoundJob::Absent | FoundJob::NotStarted => {
                report::tell(&events, report::gone());
            }
        }
        Ok(receiver)
    }

    async fn stop(&self, execution: &Execution, grace: Duration) -> Result<(), RunnerError> {
        match self.job(execution).await? {
            FoundJob::Running(job) => stop(&job, execution, grace).await,
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
}

struct PreparedLocal {
    job: PreparedJob,
    execution: String,
}

#[async_trait]
impl Prepared for PreparedLocal {
    fn handle(&self) -> Option<String> {
        None
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

async fn stop(job: &Job, execution: &Execution, grace: Duration) -> Result<(), RunnerError> {
    job.stop(grace)
        .await
        .map_err(|error| failed("stop", execution, error))
}

fn spec(launch: &Launch<'_>, work: &std::path::Path, grace: Duration) -> Result<Spec, LaunchError> {
    let plan = &launch.execution.plan;
    let Some(command) = &plan.command else {
        return Err(LaunchError::Refused {
            reason: "needs a command".to_owned(),
        });
    };
    let home = work.to_string_lossy().into_owned();
    let mut env = vec![("PATH".to_owned(), SEARCH_PATH.to_owned())];
    if !launch.environment.contains_key("HOME") {
        env.push(("HOME".to_owned(), home));
    }
    env.extend(
        launch
            .environment
            .iter()
            .map(|(name, value): (&String, &Value)| (name.clone(), value.expose().to_owned())),
    );
    Ok(Spec {
        argv: command.iter().map(OsString::from).collect(),
        env,
        cwd: None,
        deadline_ms: plan
            .deadline_seconds
            .map(|seconds| u64::from(seconds) * 1000),
        grace_ms: milliseconds(grace),
        retries: plan.retries,
        retry_delay_ms: milliseconds(RETRY_DELAY),
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn job_name(execution: &Execution) -> Result<JobName, proctor_worker::InvalidName> {
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
