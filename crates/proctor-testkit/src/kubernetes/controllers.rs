//! The thread that gives the controllers work when time alone does (deadlines, retries, Jobs that expire), and that
//! hands new Pods to the kubelet.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use jiff::Timestamp;

use super::cluster::Cluster;
use super::kind::Kind;
use super::kubelet;
use super::state::{Key, State};

/// The thread; dropped, it stops, and every process that the kubelet runs is killed.
#[derive(Debug)]
pub(crate) struct Controllers {
    cluster: Arc<Cluster>,
    thread: Option<JoinHandle<()>>,
}

impl Controllers {
    pub(crate) fn start(cluster: Arc<Cluster>) -> Self {
        let shared = Arc::clone(&cluster);
        let thread = thread::spawn(move || work(&shared));
        Self {
            cluster,
            thread: Some(thread),
        }
    }
}

impl Drop for Controllers {
    fn drop(&mut self) {
        self.cluster.end();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told on standard error already.
            let _ended = thread.join();
        }
    }
}

fn work(cluster: &Arc<Cluster>) {
    let mut known = HashSet::new();
    let mut pods: Vec<JoinHandle<()>> = Vec::new();
    let mut state = cluster.state();
    while !cluster.ends() {
        let before = state.revision();
        let due = cluster.settle(&mut state);
        for (key, uid) in new_pods(&state, &known) {
            let shared = Arc::clone(cluster);
            known.insert(uid.clone());
            pods.push(thread::spawn(move || kubelet::tend(&shared, &key, &uid)));
        }
        pods.retain(|pod| !pod.is_finished());
        if state.revision() == before {
            let patience = due.map(|due| {
                let left = due.duration_since(Timestamp::now());
                left.try_into().unwrap_or_default()
            });
            state = cluster.wait(state, patience);
        }
    }
    drop(state);
    for pod in pods {
        // A panic of the thread has been told on standard error already.
        let _ended = pod.join();
    }
}

fn new_pods(state: &State, known: &HashSet<String>) -> Vec<(Key, String)> {
    state
        .of_kind(Kind::Pod)
        .filter(|(_, pod)| !pod["spec"]["nodeName"].is_null())
        .filter_map(|(key, pod)| {
            let uid = pod["metadata"]["uid"].as_str()?;
            (!known.contains(uid)).then(|| (key.clone(), uid.to_owned()))
        })
        .collect()
}
