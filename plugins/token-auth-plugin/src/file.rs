//! The file with the users, read again when it has changed. What cannot be read or understood changes nothing: the
//! users stay as they were, and the service's log says why, once.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use proctor_plugin::Failure;

use crate::users::Users;

/// The file.
pub(crate) struct UsersFile {
    path: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    users: Arc<Users>,
    version: Option<Version>,
}

/// By which a changed file is told from the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    modified: SystemTime,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl UsersFile {
    /// Reads it.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Failure> {
        let version = version(&path).map_err(|error| unreadable(&path, &error))?;
        let users = read(&path)?;
        let seen = Mutex::new(Seen {
            users: Arc::new(users),
            version: Some(version),
        });
        Ok(Self { path, seen })
    }

    /// The users as the file tells of them now.
    pub(crate) fn users(&self) -> Arc<Users> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at before reading: what changes meanwhile is seen the next time.
        let now = version(&self.path);
        let current = now.as_ref().ok().copied();
        if current != seen.version {
            seen.version = current;
            let users = match now {
                Ok(_) => read(&self.path),
                Err(error) => Err(unreadable(&self.path, &error)),
            };
            match users {
                Ok(users) => seen.users = Arc::new(users),
                // The service takes what a plugin writes here into its log.
                Err(failure) => eprintln!("{failure}; the users stay as they were"),
            }
        }
        Arc::clone(&seen.users)
    }
}

fn read(path: &PathBuf) -> Result<Users, Failure> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    Users::parse(&text).map_err(|failure| Failure::new(format!("{}: {failure}", path.display())))
}

fn unreadable(path: &PathBuf, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", path.display()))
}

fn version(path: &PathBuf) -> io::Result<Version> {
    let metadata = fs::metadata(path)?;
    Ok(Version {
        modified: metadata.modified()?,
        length: metadata.len(),
        #[cfg(unix)]
        inode: std::os::unix::fs::MetadataExt::ino(&metadata),
    })
}
