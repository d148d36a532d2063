//! The worker: one root folder, one shim binary, and the entry points of everything else.

use std::ffi::OsString;
use std::fs;
use std::path::{self, PathBuf};
use std::sync::{Arc, OnceLock};

use proctor_shim::{Folder, Spec};

use crate::error::WorkerError;
use crate::inspect::{self, Found, Peeked};
use crate::launch::{Launcher, PreparedJob};
use crate::name::JobName;
use crate::output::{OutputReader, Watches};
use crate::{blocking::blocking, folders};

/// Starts, finds and follows jobs below one root folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Worker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    launcher: Launcher,
    watches: OnceLock<Arc<Watches>>,
}

impl Worker {
    /// `root` holds one folder per job and is made if missing; `shim` is the shim's binary.
    pub fn open(root: PathBuf, shim: PathBuf) -> Result<Self, WorkerError> {
        let fail_points = folders::fail_points();
        Self::open_with_fail_points(root, shim, fail_points)
    }

    /// As [`Worker::open`], with the fail points that its shims get instead of this process's own.
    #[doc(hidden)]
    pub fn open_with_fail_points(
        root: PathBuf,
        shim: PathBuf,
        fail_points: Option<OsString>,
    ) -> Result<Self, WorkerError> {
        folders::make_root(&root)?;
        let root = fs::canonicalize(&root).map_err(WorkerError::io("open", &root))?;
        folders::sweep_removed(&root)?;
        // Not resolved: an upgrade may put another file behind the same name.
        let finding = WorkerError::io("find the shim", &shim);
        let shim = path::absolute(&shim)
            .and_then(|absolute| fs::metadata(&absolute).map(|_| absolute))
            .map_err(finding)?;
        Ok(Self {
            inner: Arc::new(Inner {
                root,
                launcher: Launcher { shim, fail_points },
                watches: OnceLock::new(),
            }),
        })
    }

    /// Where the command of this job runs, for the caller to fill before [`Worker::prepare`].
    pub fn work_dir(&self, name: &JobName) -> PathBuf {
        self.folder(name).work()
    }

    /// Makes the job's folder and its work folder; those that exist are ours. Returns the work folder.
    pub async fn make_folder(&self, name: &JobName) -> Result<PathBuf, WorkerError> {
        let folder = self.folder(name);
        let path = folder.path().to_owned();
        blocking(&path, move || {
            folders::make(&folder).map(|()| folder.work())
        })
        .await
    }

    /// Spawns the shim in the job's folder (made if missing) and hands it the spec. Nothing runs before
    /// [`PreparedJob::go`]. A shim that is about to leave the folder is waited for, about 12 s at most.
    pub async fn prepare(&self, name: &JobName, spec: Spec) -> Result<PreparedJob, WorkerError> {
        self.inner
            .launcher
            .prepare(name, self.folder(name), spec)
            .await
    }

    /// What has become of a job. A started job whose shim is gone without a result is `Vanished` only after
    /// every process of its session has been ended and is seen to be gone.
    pub async fn inspect(&self, name: &JobName) -> Result<Found, WorkerError> {
        inspect::inspect(&self.folder(name)).await
    }

    /// How far a job has come by its folder alone; nothing is locked, ended or written, so that anybody may ask.
    pub async fn peek(&self, name: &JobName) -> Result<Peeked, WorkerError> {
        inspect::peek(&self.folder(name)).await
    }

    /// Follows the output of a job from this offset; nothing is opened before the first read.
    pub fn output(&self, name: &JobName, from: u64) -> OutputReader {
        let watches = self.inner.watches.get_or_init(Arc::default);
        OutputReader::new(self.folder(name), Arc::clone(watches), from)
    }

    /// The jobs that have a folder, in no order; what is no job's folder is left out.
    pub async fn names(&self) -> Result<Vec<JobName>, WorkerError> {
        let root = self.inner.root.clone();
        blocking(&self.inner.root, move || folders::names(&root)).await
    }

    /// Deletes the folder of a job that does not run; a missing one is fine. `Held` while a shim has it.
    pub async fn remove(&self, name: &JobName) -> Result<(), WorkerError> {
        let folder = self.folder(name);
        match self.inspect(name).await? {
            Found::Absent => Ok(()),
            Found::Running(_) => Err(WorkerError::Held {
                path: folder.path().to_owned(),
            }),
            Found::NotStarted | Found::Ended(_) | Found::Vanished => {
                let path = folder.path().to_owned();
                blocking(&path, move || folders::remove(&folder)).await
            }
        }
    }

    fn folder(&self, name: &JobName) -> Folder {
        Folder::new(self.inner.root.join(name.as_str()))
    }
}
