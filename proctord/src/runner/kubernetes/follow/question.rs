//! Something that only the cluster itself can answer. It is asked seldom, however often one wants to know, and an
//! answer that does not come is asked for again.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Event;
use serde_json::json;
use tokio::time::Instant;
use tracing::{info, warn};

use super::super::client::{Cluster, ClusterError};
use super::super::judge::refused_pod;
use crate::telemetry::chain;

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(30);

/// How long nobody asks after no answer has come.
const PAUSE: Duration = Duration::from_secs(5);

/// A question with the last answer to it.
pub(super) struct Question<T> {
    answer: Option<T>,
    due_at: Instant,
}

impl<T> Question<T> {
    pub(super) fn new() -> Self {
        Self {
            answer: None,
            due_at: Instant::now(),
        }
    }

    /// Things have changed: what was answered is worth nothing.
    pub(super) fn forget(&mut self) {
        *self = Self::new();
    }

    /// The answer: this one, if it is time to ask again, or the last one. Boxed, what is asked takes no room in those
    /// who follow and never ask, which are nearly all.
    pub(super) async fn ask(
        &mut self,
        asked: BoxFuture<'_, Result<T, ClusterError>>,
    ) -> Option<&T> {
        if self.due_at <= Instant::now() {
            let answer = asked.await;
            self.due_at = Instant::now() + FRESH;
            match answer {
                Ok(answer) => self.answer = Some(answer),
                Err(error) => {
                    warn!(error = chain(&error), "the cluster is asked again");
                    self.due_at = Instant::now() + PAUSE;
                }
            }
        }
        self.answer.as_ref()
    }

    /// In how long it is to be asked again.
    pub(super) fn due_in(&self) -> Duration {
        self.due_at.saturating_duration_since(Instant::now())
    }
}

/// Gives a Job its labels back, by which it is watched.
pub(super) async fn relabel(
    cluster: &Cluster,
    name: &str,
    uid: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), ClusterError> {
    let patch = json!({"metadata": {"uid": uid, "labels": labels}});
    cluster.patch_job(name, &patch).await?;
    info!(
        execution.name = name,
        "a Job that had lost its labels has them again"
    );
    Ok(())
}

/// Why the cluster has made no Pod for a Job since then, if it says so.
pub(super) async fn why_no_pod(
    cluster: &Cluster,
    job_uid: &str,
    since: Timestamp,
) -> Result<Option<String>, ClusterError> {
    // Kubernetes counts in whole seconds.
    let since = since.checked_sub(SignedDuration::from_secs(1));
    let since = since.unwrap_or(Timestamp::MIN);
    let events = cluster.events_of(job_uid).await?.into_iter();
    let refused = events.filter(|event| event.reason.as_deref() == Some("FailedCreate"));
    let latest = refused
        .filter(|event| at(event).is_none_or(|at| at >= since))
        .max_by_key(at);
    Ok(latest.and_then(|event| event.message.as_deref().map(refused_pod)))
}

fn at(event: &Event) -> Option<Timestamp> {
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    last.or_else(|| event.event_time.as_ref().map(|time| time.0))
}
