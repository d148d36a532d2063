//! Ends the Pods of a Job that is being stopped, those that are made in that very moment as well, with the grace that
//! was asked for. The Job itself is for others to suspend.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::super::client::{Cluster, ClusterError, Fault};
use super::super::judge::ENDED_PODS_ANNOTATION;
use super::super::launch::is_gone;
use super::super::stage;
use crate::domain::execution::Execution;

/// How long the controller of Jobs may take to see that one was let run or suspended.
const SETTLING: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// In seconds, as Kubernetes has it where nothing is said.
const KUBERNETES_GRACE: i64 = 30;

/// How a Job's Pods are to end.
pub(super) struct Ending<'a> {
    cluster: &'a Cluster,
    name: &'a str,
    /// As it was when the stop began.
    job: &'a Job,
    /// In seconds, as it was asked for.
    grace: u32,
    /// What its controller gives the Pods that it ends.
    own_grace: i64,
}

impl<'a> Ending<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        execution: &'a Execution,
        job: &'a Job,
        grace: u32,
    ) -> Self {
        Self {
            cluster,
            name: execution.name.as_str(),
            job,
            grace,
            own_grace: own_grace(job),
        }
    }

    /// The Job's Pods. One that its controller is just about to make is waited for: made after its Job was suspended, it
    /// would be ended with its own grace, and a grace cannot be made longer.
    pub(super) async fn pods_to_end(&self) -> Result<Vec<Pod>, ClusterError> {
        let give_up = Instant::now() + SETTLING;
        let mut may_come = i64::from(self.grace) > self.own_grace && is_not_looked_at(self.job);
        let mut pause = FIRST_PAUSE;
        loop {
            let pods = self.pods().await?;
            if !may_come || !pods.is_empty() || Instant::now() >= give_up {
                return Ok(pods);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            // Looked at before its Pods are listed: what its controller has made by then is among them.
            may_come = self
                .look_again()
                .await?
                .is_some_and(|job| is_not_looked_at(&job));
        }
    }

    /// Asks those that live to end within the grace, unless they end within it anyway.
    pub(super) async fn end(&self, pods: &[Pod]) -> Result<(), ClusterError> {
        let live: Vec<_> = pods.iter().filter(|pod| is_live(pod)).collect();
        self.note(&live).await?;
        for pod in live {
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
    pub(super) async fn end_latecomers(&self) -> Result<(), ClusterError> {
        if i64::from(self.grace) == self.own_grace || stage::is_suspended(self.job) {
            return Ok(());
        }
        let give_up = Instant::now() + SETTLING;
        let mut pause = FIRST_PAUSE;
        loop {
            let job = self.look_again().await?;
            // Listed after the Job was looked at: what was made before it was seen to be suspended is among them.
            self.end(&self.pods().await?).await?;
            // It is created suspended, and says so until its controller has looked at it for the first time.
            let has_settled = !is_not_looked_at(self.job)
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

    /// Writes on the Job which of its Pods are about to end, beside those that were noted before.
    async fn note(&self, live: &[&Pod]) -> Result<(), ClusterError> {
        if live.is_empty() {
            return Ok(());
        }
        let Some(job) = self.look_again().await? else {
            return Ok(());
        };
        let annotations = job.metadata.annotations.as_ref();
        let noted = annotations.and_then(|all| all.get(ENDED_PODS_ANNOTATION));
        let noted = noted.into_iter().flat_map(|uids| uids.split_whitespace());
        let mut uids: BTreeSet<&str> = noted.collect();
        let known = uids.len();
        uids.extend(live.iter().filter_map(|pod| pod.metadata.uid.as_deref()));
        if uids.len() == known {
            return Ok(());
        }
        let uids: Vec<_> = uids.into_iter().collect();
        let patch = json!({
            "metadata": {"uid": stage::uid(&job), "annotations": {ENDED_PODS_ANNOTATION: uids.join(" ")}},
        });
        match self.cluster.patch_job(self.name, &patch).await {
            Ok(_) => Ok(()),
            // It is gone, or another one has its name.
            Err(error) if matches!(error.fault, Fault::NotFound | Fault::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn pods(&self) -> Result<Vec<Pod>, ClusterError> {
        self.cluster.pods_of(stage::uid(self.job)).await
    }

    /// The same Job as it is now, if it is there.
    async fn look_again(&self) -> Result<Option<Job>, ClusterError> {
        let job = self.cluster.job(self.name).await?;
        Ok(job.filter(|job| stage::uid(job) == stage::uid(self.job)))
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

fn is_live(pod: &Pod) -> bool {
    !matches!(phase(pod), Some("Succeeded" | "Failed"))
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}
