//! Ends an execution on the cluster and leaves its Job for people to look at: its Pods are asked to end within the
//! grace, then the Job is suspended for good. Doing it again is harmless; a shorter grace stands.

mod ending;
mod suspension;

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use proctor_worker::failpoint;
use uuid::Uuid;

use super::client::{Cluster, ClusterError};
use super::manifest::grace_seconds;
use super::{handle, labels, stage};
use crate::domain::execution::Execution;
use ending::Ending;
use suspension::suspend;

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
    let is_own = match handle::uid(execution) {
        Some(uid) => stage::uid(&job) == uid,
        None => labels::belongs_to(&job.metadata, execution, installation),
    };
    if !is_own || stage::is_finished(&job) {
        return Ok(());
    }
    let ending = Ending::new(cluster, execution, &job, grace_seconds(grace));
    let pods = ending.pods_to_end().await?;
    if has_its_outcome(&job, &pods) {
        return Ok(());
    }
    // The Job must not be told first: its controller would end the Pods with a grace of their own.
    ending.end(&pods).await?;
    failpoint::hit("kubernetes.stopping");
    let labels = labels::of(execution, installation);
    suspend(cluster, execution, stage::uid(&job), &labels).await?;
    failpoint::hit("kubernetes.stopped");
    ending.end_latecomers().await
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
