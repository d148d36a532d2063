//! Asks the cluster itself for those of whom the watches show too little. What an answer means is for others to say.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::super::client::{Cluster, ClusterError};
use super::super::seen::{JobSeen, PodSeen, Seen};
use super::SharedTable;
use super::doubts::Found;
use super::object::{Object, Unreadable};
use super::table::Kept;
use crate::telemetry::chain;

/// How often it is looked whether there is anything to ask.
const LOOK: Duration = Duration::from_millis(500);

/// How many are asked for at a time: requests that change something go first.
const AT_ONCE: usize = 4;

pub(super) struct Asker {
    pub(super) cluster: Cluster,
    pub(super) table: SharedTable,
}

/// Why it is not known what the cluster has.
#[derive(Debug, Error)]
enum Unknown {
    #[error("{}", chain(.0))]
    Unanswered(#[source] ClusterError),
    #[error("an object cannot be understood: {0}")]
    Unreadable(#[source] Unreadable),
    #[error("an object cannot be written down")]
    Unwritable(#[source] serde_json::Error),
}

impl Asker {
    /// Goes on until it is dropped.
    pub(super) async fn run(self) {
        loop {
            sleep(LOOK).await;
            let due = super::locked(&self.table).take_due(Instant::now());
            let asked = |(name, seen)| self.ask(name, seen);
            stream::iter(due).for_each_concurrent(AT_ONCE, asked).await;
        }
    }

    async fn ask(&self, name: String, seen: Arc<Seen>) {
        match self.find(&name, &seen).await {
            Ok(found) => super::locked(&self.table).answer(&name, &seen, found),
            Err(error) => {
                warn!(
                    execution.name = name,
                    error = %error,
                    "the cluster is asked again for what no watch shows"
                );
                super::locked(&self.table).doubts.answered(&name, true);
            }
        }
    }

    /// All that the cluster has of it by now: its Job, the Pods that bear the Job's name, and those that were seen
    /// before and may bear no label any more.
    async fn find(&self, name: &str, seen: &Seen) -> Result<Found, Unknown> {
        let job = self.cluster.job(name).await?;
        let job = job.map(|job| read::<JobSeen>(&job, |_| {})).transpose()?;
        let mut pods = self.cluster.pods_of_job(name).await?;
        let found: HashSet<_> = pods.iter().map(|pod| pod.metadata.uid.clone()).collect();
        for known in seen.pods.values() {
            if !found.contains(&Some(known.uid.clone())) {
                let named = self.cluster.pod(&known.name).await?;
                pods.extend(named.filter(|pod| pod.metadata.uid.as_ref() == Some(&known.uid)));
            }
        }
        let read = pods.iter().map(|pod| read_pod(pod, name, seen));
        let pods = read.collect::<Result<_, _>>()?;
        Ok(Found { job, pods })
    }
}

/// A Pod that was let go by its Job is that Job's all the same if it was when it was seen.
fn read_pod(pod: &Pod, name: &str, seen: &Seen) -> Result<PodSeen, Unknown> {
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let known = seen.pods.get(uid);
    read(pod, |object| {
        if let Some(known) = known {
            let owner = json!([{"kind": "Job", "name": name, "uid": known.job_uid}]);
            object["metadata"]["ownerReferences"] = owner;
        }
    })
}

fn read<K: Kept>(object: &impl Serialize, change: impl FnOnce(&mut Value)) -> Result<K, Unknown> {
    let mut object = serde_json::to_value(object).map_err(Unknown::Unwritable)?;
    change(&mut object);
    let object: Object<K> = serde_json::from_value(object).map_err(Unknown::Unwritable)?;
    let (_, seen) = object.seen.map_err(Unknown::Unreadable)?;
    Ok(seen)
}

impl From<ClusterError> for Unknown {
    fn from(error: ClusterError) -> Self {
        Self::Unanswered(error)
    }
}
