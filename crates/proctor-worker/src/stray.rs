//! A shim whose folder is gone: it still stands by its command, and nobody will ever read how that ended.

use std::sync::Arc;

use proctor_shim::ProcessIdentity;

use crate::error::WorkerError;
use crate::shim::ShimProcess;

/// A shim that runs and has no folder any more.
#[derive(Clone, Debug)]
pub struct Stray {
    shim: Arc<ShimProcess>,
}

impl Stray {
    /// Finds it; `None` if exactly that process no longer runs, and its command with it.
    pub fn find(shim: &ProcessIdentity) -> Result<Option<Self>, WorkerError> {
        let path = format!("/proc/{}", shim.pid);
        let found = ShimProcess::attach(shim).map_err(WorkerError::io("look at", path.as_ref()))?;
        Ok(found.map(|shim| Self { shim }))
    }

    /// Returns once it has ended, and its command with it.
    pub async fn ended(&self) {
        self.shim.ended().await;
    }

    /// Asks it to stop its command, with the grace that the job has anyway.
    pub fn stop(&self) -> Result<(), WorkerError> {
        let path = format!("/proc/{}", self.shim.identity().pid);
        self.shim
            .terminate()
            .map_err(WorkerError::io("stop", path.as_ref()))
    }
}
