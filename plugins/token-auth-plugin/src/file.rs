//! The file with the users, read again when it has changed. What cannot be read or understood changes nothing: the
//! users stay as they were, and the service's log says why, once.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use proctor_plugin::Failure;

use crate::users::Users;

/// More than any team needs; what is larger is some other file.
const MOST_BYTES: u64 = 16 << 20;

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
    /// When anything about it was changed, its times among that: seconds and nanoseconds.
    #[cfg(unix)]
    changed: (i64, i64),
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

fn read(path: &Path) -> Result<Users, Failure> {
    let text = text(path).map_err(|error| unreadable(path, &error))?;
    Users::parse(&text).map_err(|failure| Failure::new(format!("{}: {failure}", path.display())))
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST_BYTES {
        true => Err(io::Error::other("it is larger than 16 MiB")),
        false => Ok(text),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", path.display()))
}

fn version(path: &Path) -> io::Result<Version> {
    #[cfg(unix)]
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        // To open a pipe could wait for ever.
        return Err(io::Error::other("it is no file"));
    }
    Ok(Version {
        modified: metadata.modified()?,
        length: metadata.len(),
        #[cfg(unix)]
        inode: metadata.ino(),
        #[cfg(unix)]
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}
