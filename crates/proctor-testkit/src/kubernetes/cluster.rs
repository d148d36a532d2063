//! What the parts of the double share: the state behind its lock, the logs of its Pods, and who is told that
//! something has changed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::access::Access;
use super::audience::Audience;
use super::builder::Settings;
use super::clock::Time;
use super::faults::Faults;
use super::kind::Kind;
use super::kubelet::Orphans;
use super::ledger::OpenLedger;
use super::log::PodLog;
use super::record::Record;
use super::scripted::ScriptedKubelet;
use super::state::{Key, State};
use super::{deletion, jobs, scheduler};

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) settings: Settings,
    pub(crate) time: Time,
    state: Mutex<State>,
    /// Wakes the threads that wait for a change of the state.
    changed: Condvar,
    revisions: HashMap<Kind, watch::Sender<u64>>,
    kubelet: Kubelet,
    logs: Mutex<HashMap<String, Arc<PodLog>>>,
    pub(crate) access: Access,
    pub(crate) audience: Audience,
    pub(crate) faults: Faults,
    pub(crate) ledger: Arc<OpenLedger>,
    pub(crate) record: Record,
    pub(crate) orphans: Orphans,
    ends: AtomicBool,
}

/// Who takes the Pods through their lives.
#[derive(Debug)]
enum Kubelet {
    /// One with a thread and a process for each Pod, to which new ones are handed.
    OfProcesses(Mutex<Bound>),
    Scripted(ScriptedKubelet),
}

/// The Pods that have got a node: those that nobody has asked for yet, and the uids of all.
#[derive(Debug, Default)]
struct Bound {
    new: Vec<(Key, String)>,
    known: HashSet<String>,
}

impl Cluster {
    pub(crate) fn new(mut settings: Settings) -> Self {
        let faults = Faults::of(settings.faults.take());
        let time = Time::of(settings.clock);
        let ledger = Arc::new(OpenLedger::new(time.clone()));
        let kubelet = match &settings.script {
            None => Kubelet::OfProcesses(Mutex::default()),
            Some(script) => {
                let (script, ledger) = (script.clone(), Arc::clone(&ledger));
                Kubelet::Scripted(ScriptedKubelet::new(script, settings.end_delay, ledger))
            }
        };
        let mut state = State::new(settings.history_length, time.clone());
        state.nodes.set_capacity(settings.node_capacity);
        Self {
            state: Mutex::new(state),
            record: Record::new(settings.records_requests),
            settings,
            time,
            kubelet,
            changed: Condvar::new(),
            revisions: Kind::ALL.map(|kind| (kind, watch::Sender::new(0))).into(),
            logs: Mutex::default(),
            access: Access::default(),
            audience: Audience::default(),
            faults,
            ledger,
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

    /// Lets the controllers work until nothing is left to look at; returns when time alone will give them work.
    pub(crate) fn settle(&self, state: &mut State) -> Option<Timestamp> {
        loop {
            let now = state.time();
            let touched = state.agenda.take(now);
            if touched.is_empty() {
                break;
            }
            if !state.no_job_controller {
                jobs::reconcile(state, &touched, &self.settings);
            }
            scheduler::schedule(state, &touched);
            deletion::collect(state, &touched);
            match &self.kubelet {
                Kubelet::OfProcesses(bound) => locked(bound).note(state, &touched),
                Kubelet::Scripted(kubelet) => {
                    let gone = kubelet.tend(state, &touched, |uid| self.open_log(uid));
                    let mut logs = locked(&self.logs);
                    gone.iter().for_each(|uid| drop(logs.remove(uid)));
                }
            }
        }
        for (kind, revision) in &self.revisions {
            let latest = state.history().latest(*kind);
            revision.send_if_modified(|told| std::mem::replace(told, latest) != latest);
        }
        self.changed.notify_all();
        state.agenda.next()
    }

    /// The Pods that need a thread since this was asked last.
    pub(crate) fn newly_bound(&self) -> Vec<(Key, String)> {
        match &self.kubelet {
            Kubelet::OfProcesses(bound) => std::mem::take(&mut locked(bound).new),
            Kubelet::Scripted(_) => Vec::new(),
        }
    }

    /// Moves a virtual clock on, and lets what is due on the way happen at its moment; false if the clock is real.
    pub(crate) fn advance(&self, time: SignedDuration) -> bool {
        let end = self.time.now() + time;
        loop {
            let mut state = self.state();
            let due = self.settle(&mut state).filter(|due| *due <= end);
            if !self.time.set(due.unwrap_or(end)) {
                return false;
            }
            if due.is_none() {
                self.settle(&mut state);
                return true;
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

    /// Tells of every change of an object of a kind.
    pub(crate) fn subscribe(&self, kind: Kind) -> watch::Receiver<u64> {
        self.revisions[&kind].subscribe()
    }

    /// The log of the Pod with this uid, a new one if there was none.
    pub(crate) fn open_log(&self, uid: &str) -> Arc<PodLog> {
        let mut logs = locked(&self.logs);
        let (time, rotation) = (self.time.clone(), self.settings.log_rotation);
        let log = logs.entry(uid.to_owned());
        Arc::clone(log.or_insert_with(|| Arc::new(PodLog::new(time, rotation))))
    }

    pub(crate) fn logs(&self) -> Vec<Arc<PodLog>> {
        locked(&self.logs).values().map(Arc::clone).collect()
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

impl Bound {
    fn note<'a>(&mut self, state: &State, touched: impl IntoIterator<Item = &'a Key>) {
        let pods = touched.into_iter().filter(|key| key.kind == Kind::Pod);
        for (key, pod) in pods.filter_map(|key| Some((key, state.get(key)?))) {
            let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
            if !pod["spec"]["nodeName"].is_null() && self.known.insert(uid.to_owned()) {
                self.new.push((key.clone(), uid.to_owned()));
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
