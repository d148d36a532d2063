//! The shim's hold on its folder: the lock, its name on it, and the space for what it must be able to write later.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use proctor_shim::{Folder, Outcome, ProcessIdentity, Refusal, Started, record};

use super::note::note;
use super::reserve::Reserve;
use super::waiting;
use super::{Failure, failed};

/// Nobody else starts anything in the folder while this exists.
pub struct Claim {
    folder: Folder,
    _lock: File,
    started: Option<Reserve>,
    result: Reserve,
}

/// Takes the folder, or says why it must be left alone.
pub fn take(folder: &Folder) -> Result<Result<Claim, Refusal>, Failure> {
    let path = folder.lock();
    let Some(lock) = lock(&path).map_err(failed("lock", &path))? else {
        return Ok(Err(Refusal::Held));
    };
    let has_started = |path: &Path| path.try_exists().map_err(failed("read", path));
    if has_started(&folder.started())? || has_started(&folder.result())? {
        return Ok(Err(Refusal::Started));
    }
    sign(folder).map_err(failed("write", &folder.shim()))?;
    let reserve = |temporary: &Path, target: &Path| {
        Reserve::take(temporary, target).map_err(failed("reserve space for", target))
    };
    Ok(Ok(Claim {
        started: Some(reserve(&folder.started_reserve(), &folder.started())?),
        result: reserve(&folder.result_reserve(), &folder.result())?,
        folder: folder.clone(),
        _lock: lock,
    }))
}

/// `None` if somebody else holds the lock, or it is not the folder's lock any more.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // The folder may have been removed, and made anew, between open and lock.
    let (held, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((held.ino() == named.ino()).then_some(file))
}

/// Says who holds the folder.
fn sign(folder: &Folder) -> io::Result<()> {
    let pid = i32::try_from(std::process::id()).map_err(io::Error::other)?;
    let own = ProcessIdentity::of(pid)?.ok_or(io::ErrorKind::NotFound)?;
    record::replace(&folder.shim(), &folder.path().join("shim.json.tmp"), &own)
}

impl Claim {
    /// Makes the start durable. Once this has returned, nobody ever starts this job again.
    pub fn start(&mut self, started: &Started) -> Result<(), Failure> {
        let path = self.folder.started();
        let reserve = self
            .started
            .take()
            .ok_or(io::Error::other("written before"));
        let own_name = |path: &Path| path.parent().map_or(Ok(()), record::sync_folder);
        reserve
            // A folder that is lost with a power failure would be launched again.
            .and_then(|reserve| own_name(self.folder.path()).map(|()| reserve))
            .and_then(|mut reserve| reserve.commit(started))
            .map_err(failed("write", &path))
    }

    /// Makes the result durable; a disk that refuses gets another chance each second, for a while.
    pub fn finish(mut self, outcome: &Outcome) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            match self.result.commit(outcome) {
                Ok(()) => return Ok(()),
                Err(error) if tries == waiting::RETRIES || !self.folder.path().exists() => {
                    return Err(failed("write", &self.folder.result())(error));
                }
                Err(error) => note(&format!(
                    "failed to write the result, trying again: {error}"
                )),
            }
            tries += 1;
            waiting::pause(waiting::RETRY_DELAY);
        }
    }
}
