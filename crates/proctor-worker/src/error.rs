//! What can go wrong with a job's folder, its shim or its files; each error names the thing touched.

use std::io;
use std::path::{Path, PathBuf};

use proctor_shim::SpecError;

use crate::name::JobName;

/// Why the worker could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No exec could take this.
    #[error("accept the spec of {name}")]
    Spec {
        /// The job.
        name: JobName,
        /// What is wrong with it.
        source: SpecError,
    },
    /// The folder of the job does not exist.
    #[error("find the job in {}", path.display())]
    Absent {
        /// The missing folder.
        path: PathBuf,
    },
    /// The job has been started before, so it is never started again.
    #[error("start {name}: it has been started before")]
    AlreadyStarted {
        /// The job.
        name: JobName,
    },
    /// A shim holds the folder and does not leave.
    #[error("take the lock in {}: a shim holds it", path.display())]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// The shim left, or fell silent, before the command was started. Nothing has run; the job may be
    /// prepared again, but after an unanswered shim only once it has left.
    #[error("start the job in {}: {reason}", path.display())]
    NotStarted {
        /// The folder; its `shim.log` may say more.
        path: PathBuf,
        /// What the shim said last.
        reason: String,
    },
    /// A file is not what it should be.
    #[error("read {}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, such as `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl WorkerError {
    /// Says what was tried on what, for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// For `map_err` after reading a record: tells a bad file from a failed read.
    pub(crate) fn record(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::InvalidData => Self::Corrupt { path, source },
            _ => Self::Io {
                action: "read",
                path,
                source,
            },
        }
    }
}
