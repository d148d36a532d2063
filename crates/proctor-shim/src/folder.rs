//! The names of the files in one job's folder, and who writes which. It opens and creates nothing.

use std::path::{Path, PathBuf};

/// The folder of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Names the folder at this path, whether or not it exists.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Held by the shim for as long as it lives (`flock`).
    pub fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Who the shim is; written by the shim once it holds the lock.
    pub fn shim(&self) -> PathBuf {
        self.path.join("shim.json")
    }

    /// What the shim has to say about itself; never environment, never output.
    pub fn shim_log(&self) -> PathBuf {
        self.path.join("shim.log")
    }

    /// Exists, on disk for certain, before the command's first instruction.
    pub fn started(&self) -> PathBuf {
        self.path.join("started")
    }

    /// Space for `started`, taken before the shim says ready.
    pub fn started_reserve(&self) -> PathBuf {
        self.path.join("started.tmp")
    }

    /// Raw bytes of stdout and stderr, only ever appended to, by the shim alone.
    pub fn output(&self) -> PathBuf {
        self.path.join("out.log")
    }

    /// One JSON line for each attempt that is followed by another; appended by the shim.
    pub fn attempts(&self) -> PathBuf {
        self.path.join("attempts")
    }

    /// Who the command of a later attempt is; written in place by the shim before that attempt runs.
    pub fn command(&self) -> PathBuf {
        self.path.join("command.json")
    }

    /// How the stop is to be done; written by the worker before it signals the shim.
    pub fn stop(&self) -> PathBuf {
        self.path.join("stop")
    }

    /// How the job ended; the shim's last word.
    pub fn result(&self) -> PathBuf {
        self.path.join("result")
    }

    /// Space for `result`, taken at the start so that a full disk cannot prevent it.
    pub fn result_reserve(&self) -> PathBuf {
        self.path.join("result.tmp")
    }

    /// Written by the worker when the job was started, has no result, and is proven gone.
    pub fn vanished(&self) -> PathBuf {
        self.path.join("vanished")
    }

    /// Where the command runs; made and filled by the worker.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }
}
