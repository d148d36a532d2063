//! What carries executions out. A runner is told what to run and tells what became of it; it knows nothing
//! of the store, and only what it is given of an execution. The tracker drives it.

pub mod kubernetes;
pub mod local;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::domain::environment::Value;
use crate::domain::execution::{Execution, RunnerKind};
use crate::domain::lifecycle::End;
use crate::domain::name::ExecutionName;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an execution was not put in place.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// It never will be: trying again is of no use.
    #[error("{reason}")]
    Refused { reason: String },
    /// It has been started before, though nobody stored that it was created.
    #[error("it has been started before")]
    Started {
        /// What the runner calls it.
        handle: Option<String>,
    },
    /// It may be later.
    #[error("the {kind} runner could not prepare {execution}")]
    Unavailable {
        kind: RunnerKind,
        execution: String,
        source: Source,
    },
}

/// Why a runner did not answer about an execution that it has.
#[derive(Debug, Error)]
#[error("the {kind} runner could not {doing} {execution}")]
pub struct RunnerError {
    pub kind: RunnerKind,
    pub doing: &'static str,
    pub execution: String,
    pub source: Source,
}

impl LaunchError {
    /// What whoever waits for it may read.
    #[must_use]
    pub fn in_public(&self) -> String {
        match self {
            Self::Unavailable { kind, source, .. } => in_public(*kind, source),
            other => other.to_string(),
        }
    }
}

impl RunnerError {
    /// What whoever waits for it may read.
    #[must_use]
    pub fn in_public(&self) -> String {
        in_public(self.kind, &self.source)
    }
}

fn in_public(kind: RunnerKind, source: &Source) -> String {
    let told = kubernetes::in_public(source.as_ref());
    told.unwrap_or_else(|| format!("the {kind} runner is not available"))
}

/// All that a launch needs.
#[derive(Debug)]
pub struct Launch<'a> {
    pub execution: &'a Execution,
    pub environment: BTreeMap<String, Value>,
    pub bundle: Option<Bytes>,
}

/// An execution that is in place and does not run yet. Dropped without `start`, it never runs.
#[async_trait]
pub trait Prepared: Send {
    /// What the runner calls it, to be stored before it is started.
    fn handle(&self) -> Option<String>;

    /// Lets it run. Only after its handle and CREATED have been stored.
    async fn start(self: Box<Self>) -> Result<(), RunnerError>;
}

/// What a runner has of an execution that was created before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was never started: it may be prepared again.
    NotStarted,
    /// It runs or has ended; `watch` tells.
    Started,
}

/// What a runner tells about an execution over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// In words, what it waits for: to begin, or for somebody to confirm its end. `None`: for nothing any more.
    Waits {
        reason: Option<String>,
    },
    Running {
        started_at: Timestamp,
    },
    Ended(End),
}

/// A piece of an execution's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputItem {
    /// Bytes, and where the upstream's reader stands after them.
    Bytes { bytes: Bytes, cursor: String },
    /// Another attempt begins here.
    Attempt { text: String, cursor: String },
    /// Bytes may be missing here, and cannot be had any more; in words, why.
    Gap { text: String, cursor: String },
    /// Nothing follows; `complete` if everything that was written is there.
    End { complete: bool },
}

/// The one upstream of an execution's output.
#[async_trait]
pub trait Output: Send {
    /// The next piece, of at most about `limit` bytes. Waits for one; a piece that was handed out and not
    /// stored comes again when the output is opened at the older cursor.
    async fn next(&mut self, limit: usize) -> Result<OutputItem, RunnerError>;
}

/// Something that a runner holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub name: ExecutionName,
    /// What the runner calls it, where that tells it from another of the same name.
    pub handle: Option<String>,
    pub stage: HeldStage,
}

impl Held {
    /// Whether it bears the execution's handle. What follows an `@` says where that is, and is left out of account:
    /// older handles do not have it.
    #[must_use]
    pub fn is_called_as(&self, execution: &Execution) -> bool {
        let itself = |handle: &Option<String>| {
            let handle = handle.as_deref()?;
            Some(
                handle
                    .split_once('@')
                    .map_or(handle, |(itself, _)| itself)
                    .to_owned(),
            )
        };
        itself(&self.handle) == itself(&execution.handle)
    }
}

/// How far something has come that a runner holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldStage {
    /// It was put in place and never let run.
    Prepared,
    /// It may run.
    Started,
    Ended,
    /// The runner cannot tell without looking closer; `discard` does.
    Unknown,
}

/// Carries executions out. Every implementation passes the one conformance suite.
#[async_trait]
pub trait Runner: Send + Sync {
    fn kind(&self) -> RunnerKind;

    /// Whether the plan can be carried out here at all; in words, why not.
    fn refusal(&self, plan: &crate::domain::execution::Plan) -> Option<String>;

    /// Puts an execution in place under its name, without starting it. What is there under that name
    /// already is this execution's own.
    async fn prepare(&self, launch: Launch<'_>) -> Result<Box<dyn Prepared>, LaunchError>;

    /// What became of an execution that was created before.
    async fn inspect(&self, execution: &Execution) -> Result<Found, RunnerError>;

    /// Tells when it runs and when it has ended; the channel closes after the end, and before it only if
    /// the runner lost sight and must be asked again.
    async fn watch(&self, execution: &Execution) -> Result<mpsc::Receiver<RunEvent>, RunnerError>;

    /// Has it stopped: TERM, after the grace KILL. Repeating it is harmless, and so is stopping what ended.
    async fn stop(&self, execution: &Execution, grace: Duration) -> Result<(), RunnerError>;

    /// Opens its output behind a cursor, or at the very beginning.
    async fn output(
        &self,
        execution: &Execution,
        cursor: Option<String>,
    ) -> Result<Box<dyn Output>, RunnerError>;

    /// Everything that this runner holds, running or ended, whoever began it.
    async fn held(&self) -> Result<Vec<Held>, RunnerError>;

    /// What it has under this name, looked at closely and left as it is.
    async fn look(&self, name: &ExecutionName) -> Result<Option<Held>, RunnerError>;

    /// Looks whether what carries executions out can be reached now.
    async fn check(&self) -> Result<(), RunnerError> {
        Ok(())
    }

    /// Lets go of what was held of an execution, and of nothing that bears its name by now; what runs stays.
    async fn discard(&self, held: &Held) -> Result<(), RunnerError>;
}
