//! One Pod in the care of the kubelet: looking at it, writing its status, waiting for news of it. While its node is
//! away, nothing is seen and nothing is written; the process goes on by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::Process;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::events;
use crate::kubernetes::pods::{self, Ending, Stage};
use crate::kubernetes::state::{Key, State};

pub(super) struct Tended<'a> {
    pub(super) cluster: &'a Arc<Cluster>,
    pub(super) key: &'a Key,
    pub(super) uid: &'a str,
    /// The Pod as it was when it was bound.
    pub(super) pod: Arc<Value>,
    node: String,
    restarts: usize,
}

/// What a Pod's thread waits for.
pub(super) enum News {
    Ended(Ending),
    /// The Pod is to end within this time; none is left if it is gone or the double ends.
    Deleted(Duration),
    /// Something that was waited for may be there now, or the patience is over.
    Changed,
}

/// What is news.
#[derive(Default)]
pub(super) struct Waiting<'a> {
    /// Its end is.
    pub(super) process: Option<&'a Process>,
    /// That this time is over is.
    pub(super) patience: Option<Duration>,
    /// Any change after this revision is.
    pub(super) after: Option<u64>,
    /// The Pod's deletion is known already; only that it is hurried is.
    pub(super) is_ending: bool,
}

impl<'a> Tended<'a> {
    /// None if the Pod is gone already.
    pub(super) fn begin(cluster: &'a Arc<Cluster>, key: &'a Key, uid: &'a str) -> Option<Self> {
        let state = cluster.state();
        let pod = state.get(key).filter(|pod| pod["metadata"]["uid"] == uid)?;
        let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        Some(Self {
            cluster,
            key,
            uid,
            pod: Arc::clone(pod),
            node: node.to_owned(),
            restarts: state.nodes.restarts(node),
        })
    }

    pub(super) fn container_name(&self) -> &str {
        let name = &self.pod["spec"]["containers"][0]["name"];
        name.as_str().unwrap_or_default()
    }

    /// The Pod, unless it is gone; another of its name is another one.
    pub(super) fn found<'b>(&self, state: &'b State) -> Option<&'b Arc<Value>> {
        state
            .get(self.key)
            .filter(|pod| pod["metadata"]["uid"] == self.uid)
    }

    pub(super) fn is_deleted(&self) -> bool {
        let state = self.cluster.state();
        self.found(&state).is_none_or(|pod| is_deleted_pod(pod))
    }

    /// Changes what is stored, once the node can be reached and if the Pod is still there then.
    pub(super) fn act(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.cluster.state();
        while !state.nodes.answers(&self.node) && !self.cluster.ends() {
            state = self.cluster.wait(state, None);
        }
        if self.found(&state).is_some() {
            change(&mut state);
            self.cluster.settle(&mut state);
        }
    }

    pub(super) fn show(&self, stage: &Stage) {
        self.act(|state| pods::write(state, self.key, stage));
    }

    pub(super) fn tell(&self, word: &str, reason: &str, message: &str) {
        self.act(|state| events::tell(state, self.key, word, reason, message));
    }

    /// Lets time pass, unless the Pod is to go.
    pub(super) fn rest(&self, time: Duration) {
        let deadline = Instant::now() + time;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            let patience = Some(left).filter(|left| !left.is_zero());
            let waiting = Waiting {
                patience,
                ..Waiting::default()
            };
            if patience.is_none() || matches!(self.wait(&waiting), News::Deleted(_)) {
                return;
            }
        }
    }

    pub(super) fn wait(&self, waiting: &Waiting<'_>) -> News {
        let deadline = waiting.patience.map(|patience| Instant::now() + patience);
        let mut state = self.cluster.state();
        loop {
            if self.cluster.ends() {
                return News::Deleted(Duration::ZERO);
            }
            if !state.nodes.answers(&self.node) {
                state = self.cluster.wait(state, None);
                continue;
            }
            if let Some(process) = waiting.process
                && let Some(ending) = self.ending(&state, process)
            {
                drop(state);
                process.kill();
                process.wait();
                return News::Ended(ending);
            }
            let Some(pod) = self.found(&state) else {
                return News::Deleted(Duration::ZERO);
            };
            let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
            if let Some(grace) = grace.filter(|grace| *grace == 0 || !waiting.is_ending) {
                return News::Deleted(Duration::from_secs(grace));
            }
            if waiting.after.is_some_and(|after| state.revision() > after) {
                return News::Changed;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return News::Changed;
            }
            state = self.cluster.wait(state, left);
        }
    }

    /// How the container ended, if it has.
    fn ending(&self, state: &State, process: &Process) -> Option<Ending> {
        if state.nodes.restarts(&self.node) != self.restarts {
            return Some(Ending::unknown());
        }
        if state.nodes.is_out_of_memory(self.uid) {
            return Some(Ending::out_of_memory());
        }
        process.exit_code().map(Ending::exited)
    }
}

pub(super) fn is_deleted_pod(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}
