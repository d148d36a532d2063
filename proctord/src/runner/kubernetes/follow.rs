//! Follows one execution to its end: turns what the watches show into what a runner tells, keeps the time for what
//! is to be waited for no longer, and asks the cluster itself only where the watches cannot know. It decides nothing
//! about an outcome; `judge` does.

mod question;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tracing::info;

use super::client::Cluster;
use super::judge::{Expected, GIVEN_UP_ANNOTATION, Live, Verdict, Waiting, judge};
use super::labels;
use super::seen::Seen;
use crate::domain::name::ExecutionName;
use crate::runner::RunEvent;
use question::Question;

/// However long nothing is seen: clocks jump, and what was asked may be answered otherwise by now.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// A run has few events, and a listener that is slow takes them later.
const EVENTS: usize = 8;

/// What is to be followed.
#[derive(Debug, Clone)]
pub struct Followed {
    pub name: ExecutionName,
    pub expected: Expected,
    /// How long it may wait for its first container.
    pub start_patience: Duration,
    /// Those of its Job.
    pub labels: BTreeMap<String, String>,
    /// What has been told before that it waits for.
    pub waits: Option<String>,
}

/// Tells what becomes of the execution. The channel closes after its end, and before it if the watches end; when
/// nobody listens, the following ends.
#[must_use]
pub fn follow(
    cluster: Cluster,
    followed: Followed,
    seen: watch::Receiver<Arc<Seen>>,
) -> mpsc::Receiver<RunEvent> {
    let (events, listener) = mpsc::channel(EVENTS);
    let following = Following {
        cluster,
        waits_told: followed.waits.clone(),
        followed,
        seen,
        events,
        running_told: false,
        refused_pod: Question::new(),
        given_up: Question::new(),
        relabelled: Question::new(),
    };
    // Boxed, it takes its room once: what a task is given it keeps beside what it makes of it.
    let run = Box::pin(following.run());
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the execution, with the watches or with whoever listens"
    )]
    tokio::spawn(async move {
        // Whoever has left wants to hear of nothing.
        let _ = run.await;
    });
    listener
}

struct Following {
    cluster: Cluster,
    followed: Followed,
    seen: watch::Receiver<Arc<Seen>>,
    events: mpsc::Sender<RunEvent>,
    running_told: bool,
    waits_told: Option<String>,
    /// Why the cluster makes no Pod, if it says so.
    refused_pod: Question<Option<String>>,
    /// That it is given up, which the cluster has taken note of.
    given_up: Question<()>,
    /// That its Job has its labels again.
    relabelled: Question<()>,
}

/// Nobody listens, or the watches have ended.
struct Left;

impl Following {
    async fn run(mut self) -> Result<(), Left> {
        loop {
            let seen = self.seen.borrow_and_update().clone();
            let now = Timestamp::now();
            let look_again = match judge(&self.followed.expected, &seen, now) {
                Verdict::Blind { waiting, again_at } => self.blind(waiting, again_at, now).await?,
                Verdict::Live(live) => self.live(&seen, live, now).await?,
                Verdict::Ended(end) => return self.tell(RunEvent::Ended(end)).await,
            };
            tokio::select! {
                changed = self.seen.changed() => changed.map_err(|_| Left)?,
                () = sleep(look_again.min(LONGEST_LOOK)) => {}
                () = self.events.closed() => return Err(Left),
            }
        }
    }

    /// Tells why nothing can be said, once that has lasted; returns when to look again.
    async fn blind(
        &mut self,
        waiting: Option<Waiting>,
        again_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Duration, Left> {
        if let Some(waiting) = waiting {
            self.tell_waits(Some(waiting.reason())).await?;
        }
        Ok(again_at.map_or(LONGEST_LOOK, |at| until(at, now)))
    }

    /// Tells how it stands, gives it up if that is due, and returns when to look again.
    async fn live(&mut self, seen: &Seen, live: Live, now: Timestamp) -> Result<Duration, Left> {
        if let Some(started_at) = live.started_at.filter(|_| !self.running_told) {
            self.running_told = true;
            self.tell(RunEvent::Running { started_at }).await?;
        }
        let mut look_again = live.again_at.map_or(LONGEST_LOOK, |at| until(at, now));
        let reason = live.waiting.as_ref().map(Waiting::reason);
        if !matches!(live.waiting, Some(Waiting::Pod { .. })) {
            self.refused_pod.forget();
        }
        let (reason, hopeless_since) = match live.waiting {
            Some(Waiting::Labels) => {
                look_again = look_again.min(self.relabel(seen).await);
                (reason, None)
            }
            Some(Waiting::Start { since, .. }) => (reason, Some(since)),
            Some(Waiting::Pod { first, since }) => {
                let refused = self.why_no_pod(seen, since).await;
                look_again = look_again.min(self.refused_pod.due_in());
                // Without a word from the cluster, another attempt may still come: the pauses between them grow.
                let hopeless_since = (first || refused.is_some()).then_some(since);
                (refused.or(reason), hopeless_since)
            }
            _ => (reason, None),
        };
        self.tell_waits(reason.clone()).await?;
        if let Some((since, reason)) = hopeless_since.zip(reason) {
            look_again = look_again.min(self.lose_patience(seen, since, &reason, now).await);
        }
        Ok(look_again)
    }

    async fn why_no_pod(&mut self, seen: &Seen, since: Timestamp) -> Option<String> {
        let uid = &seen.job.as_ref()?.uid;
        let asked = question::why_no_pod(&self.cluster, uid, since);
        self.refused_pod
            .ask(Box::pin(asked))
            .await
            .cloned()
            .flatten()
    }

    /// Without its labels its Job is looked for by asking alone.
    async fn relabel(&mut self, seen: &Seen) -> Duration {
        if let Some(job) = &seen.job {
            let name = self.followed.name.as_str();
            let labels = &self.followed.labels;
            let asked = question::relabel(&self.cluster, name, &job.uid, labels);
            self.relabelled.ask(Box::pin(asked)).await;
        }
        self.relabelled.due_in()
    }

    /// Gives it up if it has waited for long enough: its Job is suspended, and what comes of that the watches show.
    /// Being written on the Job, it outlives whoever does it. A Job that has changed since it was seen may have begun.
    async fn lose_patience(
        &mut self,
        seen: &Seen,
        since: Timestamp,
        reason: &str,
        now: Timestamp,
    ) -> Duration {
        let patience = SignedDuration::try_from(self.followed.start_patience);
        let patience = patience.unwrap_or(SignedDuration::MAX);
        let hopeless_at = since.checked_add(patience).unwrap_or(Timestamp::MAX);
        let Some(job) = seen.job.as_ref().filter(|_| hopeless_at <= now) else {
            return until(hopeless_at, now);
        };
        let patch = json!({
            "metadata": {
                "uid": job.uid,
                "resourceVersion": job.revision,
                "annotations": {GIVEN_UP_ANNOTATION: reason, labels::STAGE: labels::ENDED},
            },
            "spec": {"suspend": true},
        });
        let name = self.followed.name.as_str();
        let asked = async {
            self.cluster.patch_job(name, &patch).await?;
            info!(execution.name = name, reason, "an execution is given up");
            Ok(())
        };
        self.given_up.ask(Box::pin(asked)).await;
        self.given_up.due_in()
    }

    async fn tell_waits(&mut self, reason: Option<String>) -> Result<(), Left> {
        if self.waits_told == reason {
            return Ok(());
        }
        self.waits_told.clone_from(&reason);
        self.tell(RunEvent::Waits { reason }).await
    }

    async fn tell(&self, event: RunEvent) -> Result<(), Left> {
        self.events.send(event).await.map_err(|_| Left)
    }
}

fn until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO)
}
