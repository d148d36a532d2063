//! The log pipeline: what an execution writes is appended to the store, and whoever follows reads it from
//! there, so that every reader sees the same bytes at the same offsets. This module owns who waits for
//! whom: appends of all executions share commits, and followers are woken by what was committed, never
//! before. It knows nothing of runners or of HTTP.

mod feed;
mod follower;
mod intake;
pub mod mask;
pub mod pump;
pub mod tail;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use proctor_api::LogEnd;
use tokio::sync::watch;

use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::{LogAppend, Store, StoreError};

use feed::Feed;
pub use follower::Follower;
use writer::Writer;

/// The logs of all executions.
#[derive(Clone)]
pub struct Logs {
    store: Arc<dyn Store>,
    writer: Writer,
    feeds: Feeds,
}

/// What is committed to each log that somebody follows.
type Feeds = Arc<Mutex<HashMap<ExecutionId, watch::Sender<Feed>>>>;

impl Logs {
    /// Logs kept in the given store; must be called on the runtime that lives as long as the service.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let writer = Writer::spawn(Arc::clone(&store));
        Self {
            store,
            writer,
            feeds: Feeds::default(),
        }
    }

    /// Appends to a log; when this returns, it is stored and its followers know.
    ///
    /// # Errors
    /// `FenceLost` and `LogDiscontinuous`: the caller must not go on. All else is tried again in here.
    pub async fn append(&self, append: LogAppend) -> Result<(), StoreError> {
        let (id, offset, bytes) = (append.id, append.offset, append.bytes.clone());
        let appended = self.writer.append(append).await?;
        self.tell(id, |feed| feed.appended(offset, bytes, appended.events));
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
        self.store.finish_log(id, fence, end).await?;
        self.tell(id, Feed::close);
        Ok(())
    }

    /// A reader of the log from an offset on, to its end.
    #[must_use]
    pub fn follow(&self, id: ExecutionId, offset: u64) -> Follower {
        let subscription = Subscription::new(&self.feeds, id);
        Follower::new(Arc::clone(&self.store), id, offset, subscription)
    }

    /// Tells the followers of a log what was committed.
    fn tell(&self, id: ExecutionId, what: impl FnOnce(&mut Feed)) {
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&id) {
            feed.send_modify(what);
        }
    }
}

/// One follower's share in the feed of a log; with the last one the feed goes.
struct Subscription {
    feeds: Feeds,
    id: ExecutionId,
    feed: watch::Receiver<Feed>,
}

impl Subscription {
    fn new(feeds: &Feeds, id: ExecutionId) -> Self {
        let mut known = feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = known.entry(id).or_default().subscribe();
        drop(known);
        Self {
            feeds: Arc::clone(feeds),
            id,
            feed,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        // This share is still counted.
        if feeds
            .get(&self.id)
            .is_some_and(|feed| feed.receiver_count() == 1)
        {
            feeds.remove(&self.id);
        }
    }
}
