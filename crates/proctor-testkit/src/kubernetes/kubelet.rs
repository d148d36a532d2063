//! The kubelet: it takes one Pod from its binding to its end, running the container's command as a process of this
//! machine. Images are folders; nothing is isolated. A process that leaves its process group outlives its container.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::deletion;
use super::pods::{self, Ending, Stage};
use super::state::Key;

mod container;
mod environment;
mod images;
mod orphans;
mod process;
mod pull;
mod tended;

pub(crate) use orphans::Orphans;

use container::Container;
use process::Process;
use tended::{News, Tended, Waiting, is_deleted_pod};

/// Takes a Pod through its life.
pub(crate) fn tend(cluster: &Arc<Cluster>, key: &Key, uid: &str) {
    let Some(pod) = Tended::begin(cluster, key, uid) else {
        return;
    };
    pod.show(&Stage::Creating);
    pod.show(&Stage::Sandboxed);
    let ending = pod.prepare().map(|container| pod.run(&container));
    pod.finish(ending);
}

impl Tended<'_> {
    fn run(&self, container: &Container) -> Ending {
        match Process::start(self.cluster, self.uid, container) {
            Ok(process) => {
                let run = self
                    .cluster
                    .ledger
                    .container_started(&self.pod, container.environment.get("EXECUTION_ID"));
                self.tell("Normal", "Started", "Container started");
                self.show(&Stage::Running);
                let ending = self.stand_by(&process);
                self.cluster.ledger.container_ended(run, ending.exit_code);
                ending
            }
            Err(error) => Ending {
                exit_code: 128,
                reason: "StartError",
                message: Some(format!(
                    "failed to create containerd task: failed to start {:?}: {error}",
                    container.program
                )),
            },
        }
    }

    /// Lets the process run until it ends or has to.
    fn stand_by(&self, process: &Process) -> Ending {
        let waiting = Waiting {
            process: Some(process),
            ..Waiting::default()
        };
        let grace = loop {
            match self.wait(&waiting) {
                News::Ended(ending) => return ending,
                News::Deleted(grace) => break grace,
                News::Changed => {}
            }
        };
        self.act(|state| pods::acknowledge(state, self.key));
        let name = self.container_name();
        self.tell("Normal", "Killing", &format!("Stopping container {name}"));
        if !grace.is_zero() {
            process.terminate();
            if let Some(ending) = self.within(grace, process) {
                return ending;
            }
        }
        process.kill();
        Ending::exited(process.wait())
    }

    /// How the process ended within its grace, unless it did not or is hurried.
    fn within(&self, grace: Duration, process: &Process) -> Option<Ending> {
        let deadline = Instant::now() + grace;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            let news = self.wait(&Waiting {
                process: Some(process),
                patience: Some(left),
                is_ending: true,
                ..Waiting::default()
            });
            match news {
                News::Ended(ending) => return Some(ending),
                News::Deleted(_) => return None,
                News::Changed => {}
            }
        }
        None
    }

    /// Tells how the container ended, and removes a Pod that was to go.
    fn finish(&self, ending: Option<Ending>) {
        self.cluster.open_log(self.uid).finish();
        if let Some(ending) = ending {
            if !self.is_deleted() {
                self.show(&Stage::Ended(ending.clone()));
                self.rest(self.cluster.settings.end_delay);
            }
            self.show(&Stage::Over(ending));
        }
        self.act(|state| {
            if self.found(state).is_some_and(|pod| is_deleted_pod(pod)) {
                deletion::end_pod(state, self.key, Some(0));
            }
        });
    }
}
