//! The folder in which a service without databases keeps everything. One proctord at a time holds it; who
//! holds it owns the executions in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use thiserror::Error;
use uuid::Uuid;

const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A data folder that this process holds until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    host: String,
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, Error)]
pub enum DataFolderError {
    #[error("the data folder {} is held by another proctord{}", path.display(), holder(pid))]
    Held { path: PathBuf, pid: String },
    #[error("the data folder cannot be used: {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

fn holder(pid: &str) -> String {
    if pid.is_empty() {
        String::new()
    } else {
        format!(", process {pid}")
    }
}

impl DataFolder {
    /// Makes the folder if it is missing, and takes hold of it.
    ///
    /// # Errors
    /// `Held` if another proctord has it.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| DataFolderError::Io { path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(io(path))?;
        let path = fs::canonicalize(path).map_err(io(path))?;
        let lock = take_lock(&path)?;
        let host = host_id(&path.join("host")).map_err(io(&path.join("host")))?;
        Ok(Self {
            path,
            host,
            _lock: lock,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id of the host that this folder stands for; it goes where the folder goes.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where output waits that comes faster than it is stored: in files without names, gone with whoever holds them.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn spill(&self) -> Result<PathBuf, DataFolderError> {
        let path = self.path.join("spill");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        match made {
            Ok(()) => Ok(path),
            Err(source) => Err(DataFolderError::Io { path, source }),
        }
    }

    /// Where executions have their folders.
    #[must_use]
    pub fn executions(&self) -> PathBuf {
        executions_of(&self.path)
    }
}

/// The host id of a data folder that another proctord may hold; none if it has none yet.
///
/// # Errors
/// It is there and cannot be read.
pub fn host_of(path: &Path) -> Result<Option<String>, DataFolderError> {
    let path = path.join("host");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DataFolderError::Io { path, source }),
    }
}

/// Where executions have their folders below a data folder.
#[must_use]
pub fn executions_of(path: &Path) -> PathBuf {
    path.join("executions")
}

fn take_lock(folder: &Path) -> Result<File, DataFolderError> {
    let path = folder.join("lock");
    let io = |source| DataFolderError::Io {
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(io)?;
    match lock_with_patience(&file) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut pid = String::new();
            // The number is only told; whoever holds the lock may not have written it yet.
            let _ = file.read_to_string(&mut pid);
            return Err(DataFolderError::Held {
                path: folder.to_owned(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(errno) => return Err(io(errno.into())),
    }
    // The number is for people only: on a full disk the lock holds without it.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// A proctord that was just killed may leave a child that has not come to its own program yet, and holds the
/// lock until it does.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing else is to be done before the folder is held"
)]
fn lock_with_patience(file: &File) -> Result<(), Errno> {
    let give_up = Instant::now() + LOCK_PATIENCE;
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < give_up => std::thread::sleep(LOCK_PAUSE),
            locked => return locked,
        }
    }
}

fn host_id(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if Uuid::try_parse(text.trim()).is_ok() => return Ok(text.trim().to_owned()),
        Ok(_) => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it holds no host id",
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let id = Uuid::new_v4().to_string();
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::{DataFolder, DataFolderError};

    #[test]
    fn one_at_a_time_holds_a_folder_and_its_host_stays_the_same() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");

        let first = DataFolder::open(&path).unwrap();
        let second = DataFolder::open(&path).unwrap_err();

        let expected = format!("held by another proctord, process {}", std::process::id());
        assert!(matches!(second, DataFolderError::Held { .. }));
        assert!(second.to_string().ends_with(&expected), "{second}");
        let host = first.host().to_owned();
        drop(first);
        assert_eq!(DataFolder::open(&path).unwrap().host(), host);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        std::fs::write(&path, "").unwrap();

        let error = DataFolder::open(&path).unwrap_err();

        assert!(error.to_string().contains("file"), "{error}");
    }
}
