//! What the parts of the double share: the state behind its lock, the logs of its Pods, and who is told that
//! something has changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::access::Access;
use super::faults::Faults;
use super::jobs::Pass;
use super::kubelet::Orphans;
use super::ledger::OpenLedger;
use super::log::PodLog;
use super::state::State;
use super::{Settings, deletion, jobs, pods};

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) settings: Settings,
    state: Mutex<State>,
    /// Wakes the threads that wait for a change of the state.
    changed: Condvar,
    revision: watch::Sender<u64>,
    logs: Mutex<HashMap<String, Arc<PodLog>>>,
    pub(crate) access: Access,
    pub(crate) faults: Faults,
    pub(crate) ledger: OpenLedger,
    pub(crate) orphans: Orphans,
    ends: AtomicBool,
}

impl Cluster {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut state = State::new(settings.history_length);
        state.nodes.set_capacity(settings.node_capacity);
        Self {
            state: Mutex::new(state),
            settings,
            changed: Condvar::new(),
            revision: watch::Sender::new(0),
            logs: Mutex::default(),
            access: Access::default(),
            faults: Faults::default(),
            ledger: OpenLedger::default(),
            orphans: Orphans::default(),
            ends: AtomicBool::new(false),
        }
    }

    /// Looks at the state, or changes what no controller and no watch needs to know.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Changes the state, lets the controllers do what follows from it, and tells the watches.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        self.settle(&mut state);
        result
    }

    /// Lets the controllers work until nothing changes; returns when time alone will give them work.
    pub(crate) fn settle(&self, state: &mut State) -> Option<Timestamp> {
        loop {
            let before = state.revision();
            let mut pass = Pass::new(self.settings.retry_delay);
            jobs::reconcile(state, &mut pass);
            pods::schedule(state);
            deletion::collect(state);
            if state.revision() == before {
                self.revision.send_replace(before);
                self.changed.notify_all();
                return pass.due;
            }
        }
    }

    /// Waits until the state changes or the time is over, whichever is first.
    pub(crate) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match patience {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.changed.wait_timeout(state, patience);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Tells of every change of the state.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// The log of the Pod with this uid, a new one if there was none.
    pub(crate) fn open_log(&self, uid: &str) -> Arc<PodLog> {
        let mut logs = locked(&self.logs);
        Arc::clone(logs.entry(uid.to_owned()).or_default())
    }

    /// Tells every thread to stop.
    pub(crate) fn end(&self) {
        let _state = self.state();
        self.ends.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    pub(crate) fn ends(&self) -> bool {
        self.ends.load(Ordering::SeqCst)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
