//! One reader of one log: what is stored first, then what comes, to the end event. It holds at most one
//! slice in memory; however slow it is, it delays nobody else.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::id::ExecutionId;
use crate::store::{LogPosition, LogSlice, Store, StoreError};

/// The most bytes that are read ahead for one follower, one stored chunk more or less.
const SLICE_BYTES: usize = 256 * 1024;

/// A reader of one log.
pub struct Follower {
    store: Arc<dyn Store>,
    id: ExecutionId,
    position: LogPosition,
    commits: watch::Receiver<u64>,
    ended: bool,
}

impl Follower {
    pub(super) fn new(
        store: Arc<dyn Store>,
        id: ExecutionId,
        offset: u64,
        commits: watch::Receiver<u64>,
    ) -> Self {
        Self {
            store,
            id,
            position: LogPosition {
                offset,
                event_number: 0,
            },
            commits,
            ended: false,
        }
    }

    /// The next piece of the log; waits until there is one. `None` after the end event.
    ///
    /// # Errors
    /// Those of the store; calling again tries again.
    pub async fn next(&mut self) -> Result<Option<LogSlice>, StoreError> {
        while !self.ended {
            // Marked as seen before reading, so that a commit during the read wakes the next wait.
            self.commits.borrow_and_update();
            let slice = self
                .store
                .read_log(self.id, self.position, SLICE_BYTES)
                .await?;
            self.position = slice.next;
            self.ended = slice.has_end();
            if !slice.is_empty() {
                return Ok(Some(slice));
            }
            if self.commits.changed().await.is_err() {
                break;
            }
        }
        Ok(None)
    }
}
