//! Suspends a Job that is to run no more. Its Pods are for others to end, before.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::Job;
use serde_json::{Value, json};

use super::super::client::{Cluster, ClusterError, Fault};
use super::super::judge::STOPPED_ANNOTATION;
use super::super::{labels, stage};
use crate::domain::execution::Execution;

/// How often a Job is looked at again that changes just when it is to be suspended.
const LOOKS: usize = 5;

/// Suspends the Job for good, as it is now: whoever comes late with that, after having slept perhaps, finds that it has
/// changed, and leaves it alone once it is over. One that has lost its labels gets them back: it is watched by them.
pub(super) async fn suspend(
    cluster: &Cluster,
    execution: &Execution,
    uid: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), ClusterError> {
    let name = execution.name.as_str();
    let mut looks = 0;
    loop {
        let found = cluster.job(name).await?;
        let own = found.filter(|job| stage::uid(job) == uid && !stage::is_finished(job));
        let Some(job) = own else {
            return Ok(());
        };
        looks += 1;
        let patch = suspension(execution, &job, labels);
        match cluster.patch_job(name, &patch).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.fault, Fault::NotFound | Fault::Refused { .. }) => {
                return Ok(());
            }
            // It has changed since it was looked at.
            Err(error) if matches!(error.fault, Fault::Conflict { .. }) && looks < LOOKS => {}
            Err(error) => return Err(error),
        }
    }
}

fn suspension(execution: &Execution, job: &Job, labels: &BTreeMap<String, String>) -> Value {
    let wish = execution.stop.as_ref();
    let note = wish.map_or_else(
        || "stopped".to_owned(),
        |wish| format!("by {} at {}", wish.by, wish.at),
    );
    json!({
        "metadata": {
            "uid": stage::uid(job),
            "resourceVersion": job.metadata.resource_version,
            "labels": labels,
            "annotations": {STOPPED_ANNOTATION: note, labels::STAGE: labels::ENDED},
        },
        "spec": {"suspend": true},
    })
}
