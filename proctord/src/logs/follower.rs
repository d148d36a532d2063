//! One reader of one log: what is stored first, then what comes, to the end event. It holds at most one
//! slice in memory; however slow it is, it delays nobody else.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::feed::Found;
use super::feeds::Subscription;
use crate::domain::id::ExecutionId;
use crate::store::{LogPosition, LogSlice, Store, StoreError};

/// The fewest bytes that are read at once; what comes is one stored chunk at most more.
const SLICE_BYTES: usize = 32 * 1024;

/// How many followers read the store at a time. When a crowd must, it waits here and not for connections that
/// others need as well.
const READS: usize = 16;

/// The store, as followers read it.
#[derive(Clone)]
pub(super) struct Shelf {
    store: Arc<dyn Store>,
    room: Arc<Semaphore>,
}

impl Shelf {
    pub(super) fn of(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            room: Arc::new(Semaphore::new(READS)),
        }
    }

    async fn read(&self, id: ExecutionId, from: LogPosition) -> Result<LogSlice, StoreError> {
        // It is never closed.
        let _room = self.room.acquire().await.ok();
        self.store.read_log(id, from, SLICE_BYTES).await
    }
}

/// A reader of one log.
pub struct Follower {
    shelf: Shelf,
    id: ExecutionId,
    position: LogPosition,
    subscription: Subscription,
    ended: bool,
}

impl Follower {
    pub(super) fn new(
        shelf: Shelf,
        id: ExecutionId,
        offset: u64,
        subscription: Subscription,
    ) -> Self {
        Self {
            shelf,
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
            let slice = self.next_told().await?;
            if slice.is_some() {
                return Ok(slice);
            }
            if !self.ended && self.subscription.feed.changed().await.is_err() {
                break;
            }
        }
        Ok(None)
    }

    /// The next piece of the log if one is stored now, whoever wrote it: followers here may not have been told of it yet.
    ///
    /// # Errors
    /// Those of the store; calling again tries again.
    pub async fn next_now(&mut self) -> Result<Option<LogSlice>, StoreError> {
        let told = self.next_told().await?;
        if told.is_some() || self.ended {
            return Ok(told);
        }
        let slice = self.shelf.read(self.id, self.position).await?;
        Ok(self.take(slice))
    }

    /// The next piece of the log, if the followers here have been told that there is one.
    async fn next_told(&mut self) -> Result<Option<LogSlice>, StoreError> {
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
            Found::Stored => self.shelf.read(self.id, self.position).await?,
            Found::Piece(slice) => slice,
        };
        Ok(self.take(slice))
    }

    fn take(&mut self, slice: LogSlice) -> Option<LogSlice> {
        self.position = slice.next;
        self.ended = slice.has_end();
        (!slice.is_empty()).then_some(slice)
    }
}
