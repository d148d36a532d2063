//! Ends an execution on the cluster and leaves its Job for people to look at: its Pods are asked to end within the
//! grace, then the Job is suspended for good. Doing it again is harmless; a shorter grace stands.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use proctor_worker::failpoint;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Cluster, ClusterError, Fault};
use super::judge::STOPPED_ANNOTATION;
use super::launch::is_gone;
use super::manifest::grace_seconds;
use super::{labels, stage};
use crate::domain::execution::Execution;

/// On a Job: the uids of the Pods that a stop has found alive. They go, and whoever did not see them in time would take
/// the log for whole without what they wrote.
pub const ENDED_PODS_ANNOTATION: &str = "proctor.dev/ended-pods";

/// How often a Job is looked at again that changes just when it is to be suspended.
const LOOKS: usize = 5;

/// Stops the execution's own Job.
pub(super) async fn stop(
    cluster: &Cluster,
    execution: &Execution,
    installation: Uuid,
    grace: Duration,
) -> Result<(), ClusterError> {
    let Some(job) = cluster.job(execution.name.as_str()).await? else {
        return Ok(());
    };
    let is_own = match &execution.handle {
        Some(uid) => stage::uid(&job) == uid,
        None => labels::belongs_to(&job.metadata, execution, installation),
    };
    if !is_own || stage::is_finished(&job) {
        return Ok(());
    }
    let pods = cluster.pods_of(stage::uid(&job)).await?;
    if has_its_outcome(&job, &pods) {
        return Ok(());
    }
    let live: Vec<_> = pods.iter().filter(|pod| is_live(pod)).collect();
    note(cluster, execution, &job, &live).await?;
    // The Job must not be told first: its controller would end the Pods with a grace of their own.
    for pod in live {
        match cluster.delete_pod(pod, grace_seconds(grace)).await {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
    }
    failpoint::hit("kubernetes.stopping");
    suspend(cluster, execution, stage::uid(&job)).await?;
    failpoint::hit("kubernetes.stopped");
    Ok(())
}

/// Suspends the Job for good, as it is now: whoever comes late with that, after having slept perhaps, finds that it has
/// changed, and leaves it alone once it is over.
async fn suspend(cluster: &Cluster, execution: &Execution, uid: &str) -> Result<(), ClusterError> {
    let name = execution.name.as_str();
    let mut looks = 0;
    loop {
        let found = cluster.job(name).await?;
        let own = found.filter(|job| stage::uid(job) == uid && !stage::is_finished(job));
        let Some(job) = own else {
            return Ok(());
        };
        looks += 1;
        match cluster.patch_job(name, &suspension(execution, &job)).await {
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

fn suspension(execution: &Execution, job: &Job) -> Value {
    let wish = execution.stop.as_ref();
    let note = wish.map_or_else(
        || "stopped".to_owned(),
        |wish| format!("by {} at {}", wish.by, wish.at),
    );
    json!({
        "metadata": {
            "uid": stage::uid(job),
            "resourceVersion": job.metadata.resource_version,
            "annotations": {STOPPED_ANNOTATION: note, labels::STAGE: labels::ENDED},
        },
        "spec": {"suspend": true},
    })
}

/// Writes on the Job which of its Pods are about to end, beside those that an earlier try has noted.
async fn note(
    cluster: &Cluster,
    execution: &Execution,
    job: &Job,
    live: &[&Pod],
) -> Result<(), ClusterError> {
    let annotations = job.metadata.annotations.as_ref();
    let noted = annotations.and_then(|all| all.get(ENDED_PODS_ANNOTATION));
    let mut uids: BTreeSet<&str> = noted
        .into_iter()
        .flat_map(|uids| uids.split_whitespace())
        .collect();
    let known = uids.len();
    uids.extend(live.iter().filter_map(|pod| pod.metadata.uid.as_deref()));
    if uids.len() == known {
        return Ok(());
    }
    let uids: Vec<_> = uids.into_iter().collect();
    let patch = json!({
        "metadata": {"uid": stage::uid(job), "annotations": {ENDED_PODS_ANNOTATION: uids.join(" ")}},
    });
    patch_if_there(cluster, execution, &patch).await
}

/// Patches exactly the Job that was seen; one that is gone or another one needs nothing.
async fn patch_if_there(
    cluster: &Cluster,
    execution: &Execution,
    patch: &Value,
) -> Result<(), ClusterError> {
    match cluster.patch_job(execution.name.as_str(), patch).await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.fault, Fault::NotFound | Fault::Refused { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_live(pod: &Pod) -> bool {
    !matches!(phase(pod), Some("Succeeded" | "Failed"))
}

/// Whether its Pods have decided it, though the Job does not say so yet: it is not to be called stopped then.
fn has_its_outcome(job: &Job, pods: &[Pod]) -> bool {
    let spec = job.spec.as_ref();
    let retries = spec.and_then(|spec| spec.backoff_limit).unwrap_or(0);
    let codes: Vec<_> = pods.iter().filter_map(own_exit_code).collect();
    let failures = codes.iter().filter(|code| **code != 0).count();
    codes.contains(&0) || i32::try_from(failures).unwrap_or(i32::MAX) > retries
}

/// The exit code of a container that nobody has asked to end. The Pod's phase tells about a second later.
fn own_exit_code(pod: &Pod) -> Option<i32> {
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
    let ended = containers.first()?.state.as_ref()?.terminated.as_ref()?;
    Some(ended.exit_code)
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}
