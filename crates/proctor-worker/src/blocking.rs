//! File work off the async threads.

use std::io;
use std::panic;
use std::path::Path;

use crate::error::WorkerError;

/// Runs `work` where it may block; `path` is what it touches, should the runtime be going away.
pub(crate) async fn blocking<T, F>(path: &Path, work: F) -> Result<T, WorkerError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, WorkerError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(cancelled) => Err(WorkerError::io("finish work on", path)(io::Error::other(
                cancelled,
            ))),
        },
    }
}
