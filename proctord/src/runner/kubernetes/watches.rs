//! What happens on the cluster, learnt from one pair of watches (Jobs, Pods) of one namespace, whatever the number
//! of executions. It hands over the latest state of each, waits for no follower, and ends when it is dropped. Where a
//! watch shows too little, the cluster itself is asked. What a state means is for others to say.

mod asker;
mod doubts;
mod health;
mod object;
mod pod;
#[cfg(test)]
pub(super) mod replay;
mod table;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::Cluster;
use super::labels;
use super::seen::{JobSeen, PodSeen, Seen};
use crate::domain::name::ExecutionName;
pub use health::{Health, WatchFailure, WatchHealth};

use asker::Asker;
use health::Pulse;
use object::Watched;
use table::Table;
use watch::Watch;

type SharedTable = Arc<Mutex<Table>>;

/// A pair of watches.
pub struct Watches {
    table: SharedTable,
    jobs: Arc<Pulse>,
    pods: Arc<Pulse>,
    _tasks: JoinSet<()>,
}

impl Watches {
    /// Begins to watch what this installation has in the namespace.
    #[must_use]
    pub fn open(cluster: &Cluster, installation: Uuid) -> Self {
        let table = SharedTable::default();
        let jobs = Arc::new(Pulse::new(JobSeen::PLURAL));
        let pods = Arc::new(Pulse::new(PodSeen::PLURAL));
        let watch = |pulse: &Arc<Pulse>| Watch {
            cluster: cluster.clone(),
            selector: labels::selector(installation),
            table: table.clone(),
            pulse: pulse.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(watch(&jobs).run::<JobSeen>());
        tasks.spawn(watch(&pods).run::<PodSeen>());
        let asker = Asker {
            cluster: cluster.clone(),
            table: table.clone(),
        };
        tasks.spawn(asker.run());
        Self {
            table,
            jobs,
            pods,
            _tasks: tasks,
        }
    }

    /// What is known of an execution, from now on.
    #[must_use]
    pub fn subscribe(&self, name: &ExecutionName) -> Receiver<Arc<Seen>> {
        locked(&self.table).subscribe(name.as_str())
    }

    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            jobs: self.jobs.read(),
            pods: self.pods.read(),
        }
    }
}

fn locked(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
