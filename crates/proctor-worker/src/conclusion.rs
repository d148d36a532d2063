//! How a job whose shim is gone has ended: by its result, or, without one, by proof that nothing of it is left.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use proctor_shim::{Folder, Outcome, ProcessIdentity, Started, record};
use tokio::time::sleep;

use crate::blocking::blocking;
use crate::error::WorkerError;
use crate::folders;
use crate::job::End;
use crate::survivors;

/// A child of a dead shim holds the lock until its exec or its own death: moments. Then it is somebody else.
const LOCK_TRIES: u32 = 100;
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// The start, if there has been one.
pub(crate) async fn started(folder: &Folder) -> Result<Option<Started>, WorkerError> {
    let path = folder.started();
    blocking(folder.path(), move || {
        record::read(&path).map_err(WorkerError::record(&path))
    })
    .await
}

/// The result, if there is one.
pub(crate) fn result(folder: &Folder) -> Result<Option<Outcome>, WorkerError> {
    let path = folder.result();
    record::read(&path).map_err(WorkerError::record(&path))
}

/// Concludes a job whose shim has ended.
pub(crate) async fn conclude(folder: &Folder, started: &Started) -> Result<End, WorkerError> {
    for _ in 0..LOCK_TRIES {
        match blocking(folder.path(), look(folder)).await? {
            Look::Ended(end) => return Ok(end),
            Look::Unclear(lock) => return bury(folder, started, lock).await,
            Look::Locked => sleep(LOCK_RETRY).await,
        }
    }
    Err(WorkerError::Held {
        path: folder.path().to_owned(),
    })
}

enum Look {
    Ended(End),
    Unclear(File),
    Locked,
}

fn look(folder: &Folder) -> impl FnOnce() -> Result<Look, WorkerError> + use<> {
    let folder = folder.clone();
    move || {
        if let Some(end) = known(&folder)? {
            return Ok(Look::Ended(end));
        }
        if !folder.path().exists() {
            return Err(WorkerError::Absent {
                path: folder.path().to_owned(),
            });
        }
        let Some(lock) = folders::try_lock(&folder)? else {
            return Ok(Look::Locked);
        };
        // Only a look under the lock is final: the shim may have written its result just before.
        Ok(known(&folder)?.map_or(Look::Unclear(lock), Look::Ended))
    }
}

/// What the folder says about the end.
pub(crate) fn known(folder: &Folder) -> Result<Option<End>, WorkerError> {
    if let Some(outcome) = result(folder)? {
        return Ok(Some(End::Outcome(outcome)));
    }
    Ok(folder.vanished().exists().then_some(End::Vanished))
}

/// Ends what the shim left behind and notes that it is proven gone, so that readers of the output end too.
async fn bury(folder: &Folder, started: &Started, lock: File) -> Result<End, WorkerError> {
    let path = folder.command();
    let later = blocking(folder.path(), move || later_command(&path)).await?;
    for command in later.iter().chain([&started.process]) {
        survivors::end_all(command, folder.path()).await?;
    }
    let vanished = folder.vanished();
    if let Err(error) = fs::write(&vanished, b"") {
        // The proof can be made again.
        tracing::warn!(path = %vanished.display(), %error, "cannot note that a job vanished");
    }
    drop(lock);
    Ok(End::Vanished)
}

/// The command of the last attempt, if there was more than one.
fn later_command(path: &Path) -> Result<Option<ProcessIdentity>, WorkerError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(WorkerError::io("read", path)(error)),
    };
    // Blank until the second attempt. It is not synced, so after a power failure it may hold anything, and
    // nobody of that boot is left.
    Ok(serde_json::from_slice(&text).ok())
}
