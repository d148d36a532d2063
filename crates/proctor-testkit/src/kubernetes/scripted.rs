//! The scripted kubelet: it runs nothing. Each Pod takes the course that the test's script gives it, by the clock of
//! the double, and without a thread of its own.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::kind::Kind;
use super::ledger::OpenLedger;
use super::log::PodLog;
use super::state::{Key, State, owners};

mod course;
mod gate;
mod run;

use run::{Outside, Run};

pub use course::{Course, Script, ScriptedPod};
pub use gate::Gate;

#[derive(Debug)]
pub(crate) struct ScriptedKubelet {
    script: Script,
    end_delay: Duration,
    ledger: Arc<OpenLedger>,
    runs: Mutex<Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    by_pod: HashMap<Key, Run>,
    /// How many Pods each Job has had.
    pods: HashMap<String, usize>,
}

impl ScriptedKubelet {
    pub(crate) fn new(script: Script, end_delay: Duration, ledger: Arc<OpenLedger>) -> Self {
        Self {
            script,
            end_delay,
            ledger,
            runs: Mutex::default(),
        }
    }

    /// Takes those of these objects that are bound Pods on; returns the uids of those that are gone.
    pub(crate) fn tend(
        &self,
        state: &mut State,
        touched: &BTreeSet<Key>,
        open_log: impl Fn(&str) -> Arc<PodLog>,
    ) -> Vec<String> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        for key in touched.iter().filter(|key| key.kind == Kind::Pod) {
            let pod = state.get(key).cloned();
            let uid = pod.as_ref().and_then(|pod| pod["metadata"]["uid"].as_str());
            if let Some(run) = runs.by_pod.get_mut(key)
                && Some(&*run.uid) != uid
            {
                run.leave();
                gone.push(run.uid.clone());
                runs.by_pod.remove(key);
                state.agenda.set_timer(key, None);
            }
            let (Some(pod), Some(uid)) = (&pod, uid) else {
                continue;
            };
            let node = pod["spec"]["nodeName"].as_str();
            if !node.is_some_and(|node| state.nodes.answers(node)) {
                continue;
            }
            if !runs.by_pod.contains_key(key) {
                let retry = runs.count(key, pod);
                let course = self.script.course(ScriptedPod { object: pod, retry });
                let outside = Outside {
                    log: open_log(uid),
                    ledger: Arc::clone(&self.ledger),
                };
                let run = Run::begin(state, key, uid, course, outside, self.end_delay);
                runs.by_pod.insert(key.clone(), run);
            }
            if let Some(run) = runs.by_pod.get_mut(key) {
                run.go_on(state, pod);
            }
        }
        gone
    }
}

impl Runs {
    /// Counts a Pod of its Job; returns how many there were before it.
    fn count(&mut self, key: &Key, pod: &serde_json::Value) -> usize {
        let Some((_, job)) = owners(&key.namespace, pod).next() else {
            return 0;
        };
        let pods = self.pods.entry(job).or_default();
        *pods += 1;
        *pods - 1
    }
}
