//! Ends an execution on the cluster and leaves its Job for people to look at: its Pods are asked to end within the
//! grace, then the Job is suspended for good. Doing it again is harmless; a shorter grace stands.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use proctor_worker::failpoint;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::client::{Cluster, ClusterError, Fault};
use super::judge::STOPPED_ANNOTATION;
use super::launch::is_gone;
use super::manifest::grace_seconds;
use super::{handle, labels, stage};
use crate::domain::execution::Execution;

/// How long the controller of Jobs may take to see that one was let run or suspended.
const SETTLING: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// In seconds, as Kubernetes has it where nothing is said.
const KUBERNETES_GRACE: i64 = 30;

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
    let stopping = Stopping {
        cluster,
        grace: grace_seconds(grace),
        own_grace: own_grace(&job),
    };
    let pods = stopping.pods_to_end(&job).await?;
    if has_its_outcome(&job, &pods) {
        return Ok(());
    }
    // The Job must not be told first: its controller would end the Pods with a grace of their own.
    stopping.end(&pods).await?;
    failpoint::hit("kubernetes.stopping");
    let labels = labels::of(execution, installation);
    suspend(cluster, execution, &job, labels).await?;
    failpoint::hit("kubernetes.stopped");
    stopping.end_latecomers(&job).await
}

/// How a Job's Pods are to end.
struct Stopping<'a> {
    cluster: &'a Cluster,
    /// In seconds, as it was asked for.
    grace: u32,
    /// What its controller gives the Pods that it ends.
    own_grace: i64,
}

impl Stopping<'_> {
    /// The Job's Pods. One that its controller is just about to make is waited for: made after its Job was suspended, it
    /// would be ended with its own grace, and a grace cannot be made longer.
    async fn pods_to_end(&self, job: &Job) -> Result<Vec<Pod>, ClusterError> {
        let name = job.metadata.name.as_deref().unwrap_or_default();
        let give_up = Instant::now() + SETTLING;
        let mut job = Some(job.clone());
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(looked_at) = &job else {
                return Ok(Vec::new());
            };
            let pods = self.cluster.pods_of(stage::uid(looked_at)).await?;
            let may_come = i64::from(self.grace) > self.own_grace
                && pods.is_empty()
                && is_not_looked_at(looked_at);
            if !may_come || Instant::now() >= give_up {
                return Ok(pods);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            job = self.look_again(name, looked_at).await?;
        }
    }

    /// Asks those that live to end within the grace, unless they end within it anyway.
    async fn end(&self, pods: &[Pod]) -> Result<(), ClusterError> {
        for pod in pods.iter().filter(|pod| is_live(pod)) {
            let given = pod.metadata.deletion_grace_period_seconds;
            if given.is_some_and(|given| given <= i64::from(self.grace)) {
                continue;
            }
            match self.cluster.delete_pod(pod, self.grace).await {
                Err(error) if !is_gone(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends what the controller makes before it has seen that the Job is suspended. Where it would give the same grace
    /// it is left to it.
    async fn end_latecomers(&self, before: &Job) -> Result<(), ClusterError> {
        if i64::from(self.grace) == self.own_grace || stage::is_suspended(before) {
            return Ok(());
        }
        let name = before.metadata.name.as_deref().unwrap_or_default();
        let give_up = Instant::now() + SETTLING;
        let mut pause = FIRST_PAUSE;
        loop {
            let job = self.look_again(name, before).await?;
            // Listed after the Job was looked at: what was made before it was seen to be suspended is among them.
            let pods = self.cluster.pods_of(stage::uid(before)).await?;
            self.end(&pods).await?;
            // It is created suspended, and says so until its controller has looked at it for the first time.
            let has_settled = !is_not_looked_at(before)
                && job
                    .as_ref()
                    .is_none_or(|job| stage::is_seen_suspended(job) || stage::is_finished(job));
            if has_settled || Instant::now() >= give_up {
                return Ok(());
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The same Job as it is now, if it is there.
    async fn look_again(&self, name: &str, before: &Job) -> Result<Option<Job>, ClusterError> {
        let job = self.cluster.job(name).await?;
        Ok(job.filter(|job| stage::uid(job) == stage::uid(before)))
    }
}

/// Whether it may run and its controller has not seen that yet.
fn is_not_looked_at(job: &Job) -> bool {
    let status = job.status.as_ref();
    let started_at = status.and_then(|status| status.start_time.as_ref());
    !stage::is_suspended(job) && started_at.is_none()
}

/// What its Pods are given when nobody says otherwise.
fn own_grace(job: &Job) -> i64 {
    let template = job.spec.as_ref().map(|spec| &spec.template);
    let pod = template.and_then(|template| template.spec.as_ref());
    pod.and_then(|pod| pod.termination_grace_period_seconds)
        .unwrap_or(KUBERNETES_GRACE)
}

/// Suspends it for good. One that has lost its labels gets them back: without them its end would not be seen.
async fn suspend(
    cluster: &Cluster,
    execution: &Execution,
    job: &Job,
    labels: BTreeMap<String, String>,
) -> Result<(), ClusterError> {
    let wish = execution.stop.as_ref();
    let note = wish.map_or_else(
        || "stopped".to_owned(),
        |wish| format!("by {} at {}", wish.by, wish.at),
    );
    let patch = json!({
        "metadata": {
            "uid": stage::uid(job),
            "labels": labels,
            "annotations": {STOPPED_ANNOTATION: note, labels::STAGE: labels::ENDED},
        },
        "spec": {"suspend": true},
    });
    match cluster.patch_job(execution.name.as_str(), &patch).await {
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
