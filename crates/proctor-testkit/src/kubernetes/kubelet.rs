//! The kubelet: it takes one Pod from its binding to its end, running the container's command as a process of this
//! machine. Images are folders; nothing is isolated. A process that leaves its process group outlives its container.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cluster::Cluster;
use super::deletion;
use super::events;
use super::pods::{self, Ending, Stage};
use super::state::{Key, State};

mod container;
mod environment;
mod images;
mod process;

use container::Container;
use process::Process;

/// What a Pod's thread waits for.
enum News {
    Exited(i32),
    /// The Pod is to end within this time; none is left if it is gone or the double ends.
    Deleted(Duration),
    /// Something that the container was waiting for may be there now.
    Changed,
}

/// Takes a Pod through its life.
pub(crate) fn tend(cluster: &Arc<Cluster>, key: &Key, uid: &str) {
    let pod = Tended { cluster, key, uid };
    pod.show(&Stage::Creating);
    pod.show(&Stage::Sandboxed);
    let Some(container) = pod.prepare() else {
        pod.finish(None);
        return;
    };
    let started = Process::start(cluster, uid, &container);
    let ending = match started {
        Ok(process) => {
            pod.tell("Normal", "Started", "Container started");
            pod.show(&Stage::Running);
            Ending::exited(pod.stand_by(&process))
        }
        Err(error) => Ending {
            exit_code: 128,
            reason: "StartError",
            message: Some(format!(
                "failed to create containerd task: failed to start {:?}: {error}",
                container.program
            )),
        },
    };
    pod.finish(Some(ending));
}

struct Tended<'a> {
    cluster: &'a Arc<Cluster>,
    key: &'a Key,
    uid: &'a str,
}

impl Tended<'_> {
    /// Waits until the container can be created; none if the Pod is to end before that.
    fn prepare(&self) -> Option<Container> {
        let mut told = String::new();
        loop {
            let (container, revision) = {
                let state = self.cluster.state();
                let images = self.cluster.settings.images.as_deref();
                let pod = self.found(&state)?;
                let prepared = Container::of(&state, self.key, pod, images);
                (prepared, state.revision())
            };
            match container {
                Ok(container) => {
                    self.tell(
                        "Normal",
                        "Pulled",
                        "Container image already present on machine and can be accessed by the pod",
                    );
                    self.tell("Normal", "Created", "Container created");
                    return Some(container);
                }
                Err(obstacle) => {
                    if told != obstacle.message {
                        told.clone_from(&obstacle.message);
                        self.tell("Warning", "Failed", &format!("Error: {told}"));
                    }
                    self.show(&Stage::Waiting {
                        reason: obstacle.reason,
                        message: obstacle.message,
                    });
                }
            }
            if let News::Deleted(_) = self.wait(None, None, revision) {
                return None;
            }
        }
    }

    /// Lets the process run until it ends or has to; returns its exit code.
    fn stand_by(&self, process: &Process) -> i32 {
        let grace = loop {
            match self.wait(Some(process), None, u64::MAX) {
                News::Exited(code) => return code,
                News::Deleted(grace) => break grace,
                News::Changed => {}
            }
        };
        if !grace.is_zero() {
            process.terminate();
            let deadline = Instant::now() + grace;
            while let Some(left) = deadline.checked_duration_since(Instant::now()) {
                match self.wait(Some(process), Some(left), u64::MAX) {
                    News::Exited(code) => return code,
                    News::Deleted(left) if left.is_zero() => break,
                    News::Deleted(_) | News::Changed => {}
                }
            }
        }
        process.kill();
        process.wait()
    }

    /// Tells how the container ended, and removes a Pod that was to go.
    fn finish(&self, ending: Option<Ending>) {
        self.cluster.open_log(self.uid).finish();
        let is_deleted = self.is_deleted();
        if let Some(ending) = ending {
            if !is_deleted {
                self.show(&Stage::Ended(ending.clone()));
            }
            self.show(&Stage::Over(ending));
        }
        self.cluster.write(|state| {
            if self.found(state).is_some_and(|pod| is_deleted_pod(pod)) {
                deletion::end_pod(state, self.key, Some(0));
            }
        });
    }

    /// Waits for news. With a revision, any change after it is news; with a patience, so is its end.
    fn wait(&self, process: Option<&Process>, patience: Option<Duration>, after: u64) -> News {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut state = self.cluster.state();
        loop {
            if let Some(code) = process.and_then(Process::exit_code) {
                return News::Exited(code);
            }
            if self.cluster.ends() {
                return News::Deleted(Duration::ZERO);
            }
            let Some(pod) = self.found(&state) else {
                return News::Deleted(Duration::ZERO);
            };
            let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
            // Who waits with a patience knows of the deletion and asks only whether it was hurried.
            if let Some(grace) = grace.filter(|grace| *grace == 0 || patience.is_none()) {
                return News::Deleted(Duration::from_secs(grace));
            }
            if state.revision() > after {
                return News::Changed;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return News::Changed;
            }
            state = self.cluster.wait(state, left);
        }
    }

    /// The Pod, unless it is gone; another of its name is another one.
    fn found<'a>(&self, state: &'a State) -> Option<&'a Arc<Value>> {
        state
            .get(self.key)
            .filter(|pod| pod["metadata"]["uid"] == self.uid)
    }

    fn is_deleted(&self) -> bool {
        self.found(&self.cluster.state())
            .is_none_or(|pod| is_deleted_pod(pod))
    }

    fn show(&self, stage: &Stage) {
        self.cluster.write(|state| {
            if self.found(state).is_some() {
                pods::write(state, self.key, stage);
            }
        });
    }

    fn tell(&self, word: &str, reason: &str, message: &str) {
        self.cluster
            .write(|state| events::tell(state, self.key, word, reason, message));
    }
}

fn is_deleted_pod(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}
