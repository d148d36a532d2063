//! The log pipeline: what an execution writes is appended to the store, and whoever follows reads it from
//! there, so that every reader sees the same bytes at the same offsets. This module owns who waits for
//! whom: appends of all executions share commits, and followers are woken by what was committed, never
//! before. It knows nothing of runners or of HTTP.

mod feed;
mod feeds;
mod follower;
mod intake;
mod lookout;
pub mod mask;
pub mod pump;
pub mod tail;
mod writer;

use std::sync::Arc;

use proctor_api::LogEnd;

use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::store::{
    Appended, LogAppend, LogPosition, LogSlice, NumberedEvent, Store, StoreError, StoredChunk,
};

use feed::Feed;
use feeds::Feeds;
pub use feeds::{Hold, Writing};
pub use follower::Follower;
use follower::Shelf;
use writer::Writer;

/// The logs of all executions.
#[derive(Clone)]
pub struct Logs {
    store: Arc<dyn Store>,
    writer: Writer,
    feeds: Arc<Feeds>,
    shelf: Shelf,
}

impl Logs {
    /// Logs kept in the given store; must be called on the runtime that lives as long as the service.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let writer = Writer::spawn(Arc::clone(&store));
        Self {
            shelf: Shelf::of(Arc::clone(&store)),
            store,
            writer,
            feeds: Arc::default(),
        }
    }

    /// Notes that this replica writes the log of an execution that it owns, as long as what is returned is kept;
    /// its followers need not look elsewhere while the hold holds.
    #[must_use]
    pub fn write_here(&self, execution: &Execution, hold: Hold) -> Writing {
        self.feeds.write_here(execution.id, execution.fence, hold)
    }

    /// Appends to a log; when this returns, it is stored and its followers know.
    ///
    /// # Errors
    /// `FenceLost` and `LogDiscontinuous`: the caller must not go on. All else is tried again in here.
    pub async fn append(&self, append: LogAppend) -> Result<(), StoreError> {
        let copy = append.clone();
        let appended = self.writer.append(append).await;
        let appended = appended.inspect_err(|error| self.doubt(copy.id, copy.fence, error))?;
        let id = copy.id;
        let (from, slice) = slice_of(copy, appended);
        self.feeds.tell(id, |feed| feed.take(from, slice));
        Ok(())
    }

    /// Closes a log with its end event.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn finish(
        &self,
        id: ExecutionId,
        fence: Fence,
        end: LogEnd,
    ) -> Result<(), StoreError> {
        let finished = self.store.finish_log(id, fence, end).await;
        finished.inspect_err(|error| self.doubt(id, fence, error))?;
        self.tell_end(id).await;
        Ok(())
    }

    /// A reader of the log from an offset on, to its end.
    #[must_use]
    pub fn follow(&self, id: ExecutionId, offset: u64) -> Follower {
        let subscription = self.feeds.subscribe(id);
        Follower::new(self.shelf.clone(), id, offset, subscription)
    }

    /// Reads the end event once for all followers; if that cannot be done, each looks for itself.
    async fn tell_end(&self, id: ExecutionId) {
        let Some(told) = self.feeds.told(id) else {
            return;
        };
        if let Some(from) = told
            && let Ok(slice) = self.store.read_log(id, from, 1).await
            && slice.has_end()
        {
            self.feeds.tell(id, |feed| feed.take(from, slice));
        } else {
            self.feeds.tell(id, Feed::close);
        }
    }

    /// What was refused shows that others have written, or that what this replica wrote was stored unknown to it.
    fn doubt(&self, id: ExecutionId, fence: Fence, error: &StoreError) {
        if matches!(
            error,
            StoreError::FenceLost(_)
                | StoreError::NotFound(_)
                | StoreError::LogDiscontinuous { .. }
        ) {
            self.feeds.not_written_here(id, fence);
        }
    }
}

/// What was appended, as it is read.
fn slice_of(append: LogAppend, appended: Appended) -> (LogPosition, LogSlice) {
    let first = appended.events.saturating_sub(append.events.len() as u64);
    let from = LogPosition {
        offset: append.offset,
        event_number: first,
    };
    let next = LogPosition {
        offset: append.end(),
        event_number: appended.events,
    };
    let events = (first..).zip(append.events);
    let slice = LogSlice {
        gap: None,
        chunks: vec![StoredChunk {
            offset: append.offset,
            bytes: append.bytes,
        }],
        events: events
            .map(|(number, event)| NumberedEvent { number, event })
            .collect(),
        next,
    };
    (from, slice)
}
