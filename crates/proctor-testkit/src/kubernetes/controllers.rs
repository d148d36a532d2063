//! The thread that gives the controllers work when time alone does (deadlines, retries, Jobs that expire), and that
//! hands new Pods to the kubelet.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::cluster::Cluster;
use super::kubelet;

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

/// Between two rounds of work whoever waits for the state has a turn: a thread that gives a lock up and takes it again
/// at once can keep all others out.
const BREATH: Duration = Duration::from_millis(5);

fn work(cluster: &Arc<Cluster>) {
    let mut pods: Vec<JoinHandle<()>> = Vec::new();
    let mut state = cluster.state();
    while !cluster.ends() {
        let due = cluster.settle(&mut state);
        for (key, uid) in cluster.newly_bound() {
            let shared = Arc::clone(cluster);
            pods.push(thread::spawn(move || kubelet::tend(&shared, &key, &uid)));
        }
        pods.retain(|pod| !pod.is_finished());
        let patience = due.and_then(|due| cluster.time.until(due));
        let patience = patience.map(|patience| patience.max(BREATH));
        state = cluster.wait(state, patience);
    }
    drop(state);
    for pod in pods {
        // A panic of the thread has been told on standard error already.
        let _ended = pod.join();
    }
}
