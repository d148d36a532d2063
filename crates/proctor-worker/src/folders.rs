//! Making, listing and deleting job folders. It never looks at what a job does.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use proctor_shim::{Folder, failpoint};

use crate::error::WorkerError;
use crate::name::JobName;

/// A folder under this prefix is being deleted; no job's name begins with a dot.
const REMOVED: &str = ".removed-";

#[expect(
    clippy::disallowed_methods,
    reason = "fail points are not configuration: the shims get those of this process"
)]
pub(crate) fn fail_points() -> Option<OsString> {
    std::env::var_os(failpoint::VARIABLE)
}

pub(crate) fn make_root(root: &Path) -> Result<(), WorkerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root)
        .map_err(WorkerError::io("create", root))
}

/// Makes a job's folder, or nothing.
pub(crate) fn make(folder: &Folder) -> Result<(), WorkerError> {
    let created = make_one(folder.path())?;
    failpoint::hit("worker.folder");
    let work = folder.work();
    make_one(&work).map(|_| ()).inspect_err(|_| {
        if created {
            // Empty, so it goes; if it cannot go, the next call takes it as it is.
            let _ = fs::remove_dir(folder.path());
        }
    })
}

fn make_one(path: &Path) -> Result<bool, WorkerError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(WorkerError::io("create", path)(error)),
    }
}

pub(crate) fn names(root: &Path) -> Result<Vec<JobName>, WorkerError> {
    let listing = |error| WorkerError::io("list", root)(error);
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(listing)? {
        let entry = entry.map_err(listing)?;
        let is_folder = entry.file_type().map_err(listing)?.is_dir();
        let name = entry.file_name().into_string().ok();
        names.extend(
            name.filter(|_| is_folder)
                .and_then(|name| JobName::try_from(name).ok()),
        );
    }
    Ok(names)
}

/// Takes the lock that a shim holds while it lives; `None` if one does.
pub(crate) fn try_lock(folder: &Folder) -> Result<Option<File>, WorkerError> {
    let path = folder.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(WorkerError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(WorkerError::io("lock", &path)(error)),
    }
}

/// Deletes the folder of a job that no shim holds.
///
/// It is renamed first: half a folder could look like a job that was never started.
pub(crate) fn remove(folder: &Folder) -> Result<(), WorkerError> {
    let path = folder.path();
    let Some(lock) = try_lock(folder)? else {
        return Err(WorkerError::Held {
            path: path.to_owned(),
        });
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let removed = path.with_file_name(format!("{REMOVED}{name}"));
    if removed.exists() {
        fs::remove_dir_all(&removed).map_err(WorkerError::io("delete", &removed))?;
    }
    fs::rename(path, &removed).map_err(WorkerError::io("delete", path))?;
    drop(lock);
    fs::remove_dir_all(&removed).map_err(WorkerError::io("delete", &removed))
}

/// Finishes deletions that a crash cut short.
pub(crate) fn sweep_removed(root: &Path) -> Result<(), WorkerError> {
    let listing = |error| WorkerError::io("list", root)(error);
    for entry in fs::read_dir(root).map_err(listing)? {
        let entry = entry.map_err(listing)?;
        if entry.file_name().to_string_lossy().starts_with(REMOVED)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), %error, "cannot delete a removed job");
        }
    }
    Ok(())
}
