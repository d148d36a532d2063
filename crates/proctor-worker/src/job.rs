//! A job that has been started: waiting for its end and asking for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proctor_shim::{Folder, Outcome, Started, StopRequest, record};

use crate::blocking::blocking;
use crate::conclusion;
use crate::error::WorkerError;
use crate::shim::ShimProcess;

/// A started job. Dropping it changes nothing: the job runs on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Job {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Folder,
    started: Started,
    shim: Arc<ShimProcess>,
}

/// How waiting for a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The shim wrote down how it ended.
    Outcome(Outcome),
    /// The shim died first. Every process of the job's session is proven gone; nobody knows its exit code.
    Vanished,
}

impl Job {
    pub(crate) fn new(folder: Folder, started: Started, shim: Arc<ShimProcess>) -> Self {
        Self {
            inner: Arc::new(Inner {
                folder,
                started,
                shim,
            }),
        }
    }

    /// The first process of the command and when it was started.
    pub fn started(&self) -> &Started {
        &self.inner.started
    }

    /// The process id of the command's first attempt.
    pub fn pid(&self) -> i32 {
        self.inner.started.process.pid
    }

    /// Waits for the end of the job. Any number of callers may wait, and each may give up.
    pub async fn wait(&self) -> Result<End, WorkerError> {
        self.inner.shim.ended().await;
        conclusion::conclude(&self.inner.folder, &self.inner.started).await
    }

    /// Asks the job to stop: TERM, and KILL after `grace` (at once if it is zero). A later request may shorten
    /// the grace of an earlier one. Returns without waiting; a job that has ended does not mind.
    pub async fn stop(&self, grace: Duration) -> Result<(), WorkerError> {
        let folder = self.inner.folder.clone();
        let written = blocking(self.inner.folder.path(), move || request(&folder, grace)).await;
        // A full disk must not prevent a stop: without the request the shim keeps to the job's own grace.
        if let Err(error) = written {
            tracing::warn!(path = %self.inner.folder.path().display(), error = ?error,
                "cannot store the grace of a stop");
        }
        let path = self.inner.folder.path();
        self.inner
            .shim
            .terminate()
            .map_err(WorkerError::io("stop", path))
    }
}

fn request(folder: &Folder, grace: Duration) -> Result<(), WorkerError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder
        .path()
        .join(format!("stop.{}.{number}", std::process::id()));
    let request = StopRequest {
        grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
    };
    match record::replace(&folder.stop(), &temporary, &request) {
        // The folder of an ended job may have been removed already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => written.map_err(WorkerError::io("write", &folder.stop())),
    }
}
