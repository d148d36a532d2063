//! What the parts of the double share: the state behind its lock, and who is told that it has changed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::access::Ban;
use super::deletion;
use super::refusal::Refusal;
use super::state::State;

#[derive(Debug)]
pub(crate) struct Cluster {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
    bans: Mutex<Vec<Ban>>,
    to_throttle: AtomicU64,
}

impl Cluster {
    pub(crate) fn new(history_length: usize) -> Self {
        Self {
            state: Mutex::new(State::new(history_length)),
            revision: watch::Sender::new(0),
            bans: Mutex::new(Vec::new()),
            to_throttle: AtomicU64::new(0),
        }
    }

    /// Looks at the state, or changes what no controller and no watch needs to know.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, lets the controllers do what follows from it, and tells the watches.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        while deletion::collect(&mut state) {}
        self.revision.send_replace(state.revision());
        result
    }

    pub(crate) fn bans(&self) -> MutexGuard<'_, Vec<Ban>> {
        self.bans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ban(&self, ban: Ban) {
        self.bans().push(ban);
    }

    /// The next requests are told to come again later.
    pub(crate) fn throttle(&self, requests: u64) {
        self.to_throttle.store(requests, Ordering::SeqCst);
    }

    /// Refuses one of the requests that are to be told to come again.
    pub(crate) fn let_in(&self) -> Result<(), Refusal> {
        let one_less = |left: u64| left.checked_sub(1);
        self.to_throttle
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .map_or(Ok(()), |_| Err(Refusal::too_many_requests(1)))
    }

    /// Tells of every change of the state.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }
}
