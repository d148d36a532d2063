//! The output of an execution on Kubernetes: the logs of its Job's Pods, one after the other. A task of its own reads
//! them and never waits for whoever takes them, since a stream that is read slowly loses lines without a word.
//!
//! It must not: ask about Jobs or Pods (what is known of them is handed to it), believe the end of a stream to be the
//! end of a log, or hand out a byte twice.

mod attempts;
mod cursor;
mod lines;
mod patience;
mod reader;
mod reading;
mod sight;
mod source;
mod spill;
mod spool;
mod unseen;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::seen::Seen;
use crate::domain::execution::RunnerKind;
use crate::domain::name::ExecutionName;
use crate::runner::{Output, OutputItem, RunnerError};

use cursor::Cursor;
use reader::Reader;
use sight::Sight;
use source::Source;
use spill::Spill;
use spool::Spool;

pub use cursor::CursorError;
pub use patience::Patience;
pub use sight::IsFinal;
pub use source::Streams;

/// Why logs cannot be read on. Opened again at its last cursor, the output goes on.
#[derive(Debug, Error)]
pub enum LogError {
    #[error("reading the logs of Pods is not allowed")]
    Forbidden(#[source] kube::Error),
    #[error("what was spilled could not be read back")]
    Spilled(#[source] io::Error),
    #[error("nobody tells any more what becomes of its Pods")]
    Blind,
    #[error("its reader has ended")]
    Ended,
}

/// All that is needed to read an execution's logs.
pub struct Opening {
    pub execution: ExecutionName,
    /// The uid of its Job, if it has been stored.
    pub job: Option<String>,
    /// Whether it is stored that it ran.
    pub has_run: bool,
    pub streams: Streams,
    pub namespace: String,
    /// What is known of it.
    pub seen: watch::Receiver<Arc<Seen>>,
    pub is_final: IsFinal,
    /// The folder for what does not fit into memory; it must be for its owner alone.
    pub spill: PathBuf,
    pub patience: Patience,
}

/// The output of one execution.
pub struct KubernetesOutput {
    spool: Arc<Spool>,
    execution: String,
    _reader: AbortOnDropHandle<()>,
}

impl KubernetesOutput {
    /// Begins to read, behind a cursor or at the very beginning; must be called on a runtime.
    ///
    /// # Errors
    /// The cursor is not one of its own.
    pub fn open(opening: Opening, cursor: Option<&str>) -> Result<Self, CursorError> {
        let cursor = cursor.map(Cursor::parse).transpose()?;
        let spool = Arc::new(Spool::default());
        let execution = opening.execution.to_string();
        let reader = Reader {
            execution: execution.clone(),
            source: Source {
                streams: opening.streams,
                namespace: opening.namespace,
                container: execution.clone(),
            },
            sight: Sight::new(
                opening.seen,
                opening.is_final,
                opening.job,
                cursor.is_some(),
                opening.patience.unseen,
            ),
            spool: Arc::clone(&spool),
            spill: Spill::to(opening.spill),
            patience: opening.patience,
            has_told_of_spill: false,
            has_run: opening.has_run,
        };
        let closed = Closed(Arc::clone(&spool));
        // Boxed, it takes its room once: what a task is given it keeps beside what it makes of it.
        let read = Box::pin(reader.run(cursor));
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the output that it reads for"
        )]
        let task = tokio::spawn(async move {
            if let Err(error) = read.await {
                closed.0.close(Some(error));
            }
        });
        Ok(Self {
            spool,
            execution,
            _reader: AbortOnDropHandle::new(task),
        })
    }
}

/// However the reader ends, nobody waits for it any longer.
struct Closed(Arc<Spool>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.close(None);
    }
}

#[async_trait]
impl Output for KubernetesOutput {
    async fn next(&mut self, limit: usize) -> Result<OutputItem, RunnerError> {
        self.spool.pop(limit).await.map_err(|source| RunnerError {
            kind: RunnerKind::Kubernetes,
            doing: "read the output of",
            execution: self.execution.clone(),
            source: Box::new(source),
        })
    }
}
