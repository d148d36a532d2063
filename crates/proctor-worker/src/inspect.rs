//! What has become of a job, from its folder alone.

use std::io;

use proctor_shim::{Folder, Outcome, ProcessIdentity, Started, record};

use crate::blocking::blocking;
use crate::conclusion;
use crate::error::WorkerError;
use crate::job::{End, Job};
use crate::shim::ShimProcess;

/// A job as it is found.
#[derive(Debug)]
pub enum Found {
    /// There is no folder.
    Absent,
    /// There is a folder, and nothing has been started in it: it may be prepared (again).
    NotStarted,
    /// It runs.
    Running(Job),
    /// It has ended.
    Ended(Outcome),
    /// It was started, its shim died without a result, and every process of its session is proven gone.
    Vanished,
}

/// How far a job has come, as far as its folder tells without anything being done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peeked {
    /// There is no folder.
    Absent,
    /// There is a folder, and nothing has been started in it.
    NotStarted,
    /// It has been started, and its end is not written down.
    Started,
    /// Its end is written down.
    Over,
}

enum Seen {
    Found(Found),
    Started(Started, Option<ProcessIdentity>),
}

pub(crate) async fn inspect(folder: &Folder) -> Result<Found, WorkerError> {
    let (started, shim) = match blocking(folder.path(), see(folder)).await? {
        Seen::Found(found) => return Ok(found),
        Seen::Started(started, shim) => (started, shim),
    };
    if let Some(identity) = shim {
        let attached = ShimProcess::attach(&identity)
            .map_err(WorkerError::io("find the shim of", folder.path()))?;
        if let Some(shim) = attached {
            return Ok(Found::Running(Job::new(folder.clone(), started, shim)));
        }
    }
    Ok(match conclusion::conclude(folder, &started).await? {
        End::Outcome(outcome) => Found::Ended(outcome),
        End::Vanished => Found::Vanished,
    })
}

/// As `inspect`, without attaching to anything, without a lock, and without ending what a dead shim left.
pub(crate) async fn peek(folder: &Folder) -> Result<Peeked, WorkerError> {
    Ok(match blocking(folder.path(), see(folder)).await? {
        Seen::Started(..) => Peeked::Started,
        Seen::Found(Found::Absent) => Peeked::Absent,
        Seen::Found(Found::NotStarted) => Peeked::NotStarted,
        Seen::Found(Found::Running(_)) => Peeked::Started,
        Seen::Found(Found::Ended(_) | Found::Vanished) => Peeked::Over,
    })
}

fn see(folder: &Folder) -> impl FnOnce() -> Result<Seen, WorkerError> + use<> {
    let folder = folder.clone();
    move || {
        if !folder.path().is_dir() {
            return Ok(Seen::Found(Found::Absent));
        }
        match conclusion::known(&folder)? {
            Some(End::Outcome(outcome)) => return Ok(Seen::Found(Found::Ended(outcome))),
            Some(End::Vanished) => return Ok(Seen::Found(Found::Vanished)),
            None => {}
        }
        let started = folder.started();
        let Some(started) = record::read(&started).map_err(WorkerError::record(&started))? else {
            return Ok(Seen::Found(Found::NotStarted));
        };
        Ok(Seen::Started(started, signature(&folder)?))
    }
}

/// Who the shim says it is. A file that makes no sense, as after a power failure, says nothing: then the lock
/// decides whether there is a shim.
fn signature(folder: &Folder) -> Result<Option<ProcessIdentity>, WorkerError> {
    let path = folder.shim();
    match record::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        read => read.map_err(WorkerError::record(&path)),
    }
}
