//! The log pipeline: what an execution writes is appended to the store, and whoever follows reads it from
//! there, so that every reader sees the same bytes at the same offsets. This module owns who waits for
//! whom: appends of all executions share commits, and followers are woken by what was committed, never
//! before. It knows nothing of runners or of HTTP.

mod follower;
mod intake;
pub mod mask;
pub mod pump;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use proctor_api::LogEnd;
use tokio::sync::watch;

use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::{LogAppend, Store, StoreError};

pub use follower::Follower;
use writer::Writer;

/// The logs of all executions.
#[derive(Clone)]
pub struct Logs {
    store: Arc<dyn Store>,
    writer: Writer,
    feeds: Feeds,
}

/// For each execution that somebody follows or feeds: a counter that grows with every commit to its log.
type Feeds = Arc<Mutex<HashMap<ExecutionId, watch::Sender<u64>>>>;

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
        let id = append.id;
        self.writer.append(append).await?;
        self.wake(id);
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
        self.wake(id);
        Ok(())
    }

    /// A reader of the log from an offset on, to its end.
    #[must_use]
    pub fn follow(&self, id: ExecutionId, offset: u64) -> Follower {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let commits = feeds
            .entry(id)
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe();
        Follower::new(Arc::clone(&self.store), id, offset, commits)
    }

    /// Wakes the followers of a log, and forgets those logs that nobody follows.
    fn wake(&self, id: ExecutionId) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&id) {
            if feed.receiver_count() == 0 {
                feeds.remove(&id);
            } else {
                feed.send_modify(|commits| *commits += 1);
            }
        }
    }
}
