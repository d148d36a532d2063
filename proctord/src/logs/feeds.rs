//! Who follows which log on this replica, and which logs this replica itself writes. From both follows for which
//! logs the store must be asked, because nobody here would tell their followers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::feed::Feed;
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::LogPosition;

/// The feeds of all logs that somebody follows here.
#[derive(Default)]
pub(super) struct Feeds {
    known: Mutex<Known>,
    /// Told when somebody begins to follow a log that nobody followed.
    interest: Notify,
}

#[derive(Default)]
struct Known {
    followed: HashMap<ExecutionId, watch::Sender<Feed>>,
    written: HashMap<ExecutionId, Written>,
}

/// A log that is written here.
#[derive(Debug)]
struct Written {
    fence: Fence,
    hold: Hold,
    /// Whether the followers here have been told of all that others wrote before.
    seen: bool,
}

/// Why nobody else writes to a log that is written here.
#[derive(Debug, Clone)]
pub enum Hold {
    /// Its execution belongs to this host.
    Host,
    /// The lease of this replica; it holds until this moment.
    Lease(watch::Receiver<Option<Instant>>),
}

impl Hold {
    fn holds(&self, now: Instant) -> bool {
        match self {
            Self::Host => true,
            Self::Lease(until) => until.borrow().is_some_and(|until| now < until),
        }
    }
}

/// A log that the store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) id: ExecutionId,
    /// Under which fence it was written here when the question was asked.
    fence: Option<Fence>,
}

/// Whether the store must be asked for a log that is followed: unless this replica writes it, nobody else can, and
/// what others wrote before is known, everything that comes could pass by unnoticed. One that is closed is known.
fn must_be_asked_for(feed: &Feed, written: Option<&Written>, now: Instant) -> bool {
    !feed.is_closed() && !written.is_some_and(|written| written.seen && written.hold.holds(now))
}

impl Feeds {
    /// A share in the feed of a log.
    pub(super) fn subscribe(self: &Arc<Self>, id: ExecutionId) -> Subscription {
        let mut known = self.lock();
        let feed = known.followed.entry(id).or_default().subscribe();
        drop(known);
        self.interest.notify_one();
        Subscription {
            feeds: Arc::clone(self),
            id,
            feed,
        }
    }

    /// Notes that this replica writes a log, as long as what is returned is kept. To be called when nobody with an
    /// older fence can write to it any more.
    pub(super) fn write_here(
        self: &Arc<Self>,
        id: ExecutionId,
        fence: Fence,
        hold: Hold,
    ) -> Writing {
        let mut known = self.lock();
        // Whoever begins to follow later reads first what is stored.
        let seen = !known.followed.contains_key(&id);
        known.written.insert(id, Written { fence, hold, seen });
        Writing {
            feeds: Arc::clone(self),
            id,
            fence,
        }
    }

    /// Notes that a write under this fence was refused: what is stored is not what was believed.
    pub(super) fn not_written_here(&self, id: ExecutionId, fence: Fence) {
        let mut known = self.lock();
        if known
            .written
            .get(&id)
            .is_some_and(|written| written.fence == fence)
        {
            known.written.remove(&id);
        }
    }

    /// Tells the followers of a log, if there are any; those that `what` says nothing new to sleep on.
    pub(super) fn tell(&self, id: ExecutionId, what: impl FnOnce(&mut Feed) -> bool) {
        if let Some(feed) = self.lock().followed.get(&id) {
            feed.send_if_modified(what);
        }
    }

    /// How far the followers of a log have been told; `None` if nobody follows it.
    pub(super) fn told(&self, id: ExecutionId) -> Option<Option<LogPosition>> {
        let known = self.lock();
        known.followed.get(&id).map(|feed| feed.borrow().end())
    }

    /// What the store must be asked for now.
    pub(super) fn questions(&self, now: Instant) -> Vec<Question> {
        let known = self.lock();
        let open = known.followed.iter().filter_map(|(id, feed)| {
            let written = known.written.get(id);
            must_be_asked_for(&feed.borrow(), written, now).then_some(Question {
                id: *id,
                fence: written.map(|written| written.fence),
            })
        });
        open.collect()
    }

    /// Notes that the followers know the answer to a question. One that was asked before this replica began to
    /// write the log proves nothing about what was written until then.
    pub(super) fn answered(&self, question: Question) {
        if let Some(written) = self.lock().written.get_mut(&question.id) {
            written.seen |= question.fence == Some(written.fence);
        }
    }

    /// Resolves once somebody follows a log.
    pub(super) async fn followed(&self) {
        while self.lock().followed.is_empty() {
            self.interest.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One follower's share in the feed of a log; with the last one the feed goes.
pub(super) struct Subscription {
    feeds: Arc<Feeds>,
    id: ExecutionId,
    pub(super) feed: watch::Receiver<Feed>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut known = self.feeds.lock();
        // This share is still counted.
        if known
            .followed
            .get(&self.id)
            .is_some_and(|feed| feed.receiver_count() == 1)
        {
            known.followed.remove(&self.id);
        }
    }
}

/// A log that is written here until this is dropped.
pub struct Writing {
    feeds: Arc<Feeds>,
    id: ExecutionId,
    fence: Fence,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.feeds.not_written_here(self.id, self.fence);
    }
}

#[cfg(test)]
mod tests;
