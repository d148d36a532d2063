//! One reader of one log: what is stored first, then what comes, to the end event. It holds at most one
//! slice in memory; however slow it is, it delays nobody else.

use std::sync::Arc;

use super::feed::Found;
use super::feeds::Subscription;
use crate::domain::id::ExecutionId;
use crate::store::{LogPosition, LogSlice, Store, StoreError};

/// The fewest bytes that are read at once; what comes is one stored chunk at most more.
const SLICE_BYTES: usize = 32 * 1024;

/// A reader of one log.
pub struct Follower {
    store: Arc<dyn Store>,
    id: ExecutionId,
    position: LogPosition,
    subscription: Subscription,
    ended: bool,
}

impl Follower {
    pub(super) fn new(
        store: Arc<dyn Store>,
        id: ExecutionId,
        offset: u64,
        subscription: Subscription,
    ) -> Self {
        Self {
            store,
            id,
            position: LogPosition {
                offset,
                event_number: 0,
            },
            subscription,
            ended: false,
        }
    }

    /// The next byte that it wants.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.position.offset
    }

    /// The next piece of the log; waits until there is one. `None` after the end event.
    ///
    /// # Errors
    /// Those of the store; calling again tries again.
    pub async fn next(&mut self) -> Result<Option<LogSlice>, StoreError> {
        while !self.ended {
            let slice = self.next_now().await?;
            if slice.is_some() {
                return Ok(slice);
            }
            if !self.ended && self.subscription.feed.changed().await.is_err() {
                break;
            }
        }
        Ok(None)
    }

    /// The next piece of the log if there is one now.
    ///
    /// # Errors
    /// Those of the store; calling again tries again.
    pub async fn next_now(&mut self) -> Result<Option<LogSlice>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        // Marked as seen before reading, so that a commit during the read wakes the next wait.
        let found = self
            .subscription
            .feed
            .borrow_and_update()
            .look(self.position);
        let slice = match found {
            Found::Nothing => return Ok(None),
            Found::Stored => {
                self.store
                    .read_log(self.id, self.position, SLICE_BYTES)
                    .await?
            }
            Found::Piece(slice) => slice,
        };
        self.position = slice.next;
        self.ended = slice.has_end();
        Ok((!slice.is_empty()).then_some(slice))
    }
}
