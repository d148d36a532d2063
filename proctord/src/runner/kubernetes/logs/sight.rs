//! What the reader of logs knows of its execution: the Pods as they are seen, and whether any can follow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::LogError;
use super::attempts::{self, Standing};
use super::cursor::{Cursor, PodKey};
use super::unseen;
use crate::runner::kubernetes::seen::{PodSeen, Seen, Sight as Is};

/// Tells whether an execution that looks like this is over for good. It is asked only about one of which there is
/// something to be seen, or was when it was read before.
pub type IsFinal = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;

/// It may become final by the time that passes.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Sight {
    seen: watch::Receiver<Arc<Seen>>,
    is_final: IsFinal,
    /// The uid of the Job, if it has been stored.
    job: Option<String>,
    /// Its Pods had been seen before this began: if nothing is there now, all is gone. Otherwise nothing may be
    /// there yet, for watches come late.
    is_resumed: bool,
    /// How long after its end a Pod that must have been there may still come into sight.
    unseen: Duration,
    /// Since when it has been over.
    over_since: Option<Instant>,
}

impl Sight {
    pub(super) fn new(
        seen: watch::Receiver<Arc<Seen>>,
        is_final: IsFinal,
        job: Option<String>,
        is_resumed: bool,
        unseen: Duration,
    ) -> Self {
        Self {
            seen,
            is_final,
            job,
            is_resumed,
            unseen,
            over_since: None,
        }
    }

    /// A Pod as it was seen last.
    pub(super) fn pod(&self, uid: &str) -> Option<PodSeen> {
        let seen = self.seen.borrow();
        let pod = seen.pods.get(uid).or_else(|| seen.departed.get(uid));
        pod.map(|pod| PodSeen::clone(pod))
    }

    /// How a Pod stands now.
    pub(super) fn standing(&mut self, pod: &PodKey) -> Standing {
        let seen = Arc::clone(&self.seen.borrow_and_update());
        let is_past = self.is_past(&seen, pod);
        attempts::standing(&seen, &pod.uid, is_past)
    }

    /// Whether a Pod that is not in sight has been and gone. A watch may be behind what others have read; but it shows
    /// Pods in the order in which they were made, and not for ever is it behind the end.
    fn is_past(&mut self, seen: &Seen, pod: &PodKey) -> bool {
        let mut known = seen.pods.values().chain(seen.departed.values());
        known.any(|other| other.created_at > pod.created_at) || self.has_long_been_over(seen)
    }

    fn has_long_been_over(&mut self, seen: &Seen) -> bool {
        if !self.is_over(seen) {
            self.over_since = None;
            return false;
        }
        let since = *self.over_since.get_or_insert_with(Instant::now);
        since.elapsed() >= self.unseen
    }

    fn is_over(&self, seen: &Seen) -> bool {
        let has_job = seen.job.is_some() || seen.departed_job.is_some();
        let has_pods = !seen.pods.is_empty() || !seen.departed.is_empty();
        let is_fact = has_job || (self.is_resumed && !has_pods);
        is_fact && (self.is_final)(seen)
    }

    /// Waits for the next Pod that has not been read; none if there will be none.
    pub(super) async fn next_pod(
        &mut self,
        done: &BTreeSet<PodKey>,
        resumed: Option<&Cursor>,
    ) -> Result<Option<PodKey>, LogError> {
        loop {
            let seen = Arc::clone(&self.seen.borrow_and_update());
            if seen.sight != Is::Listing {
                let pods = attempts::pods(&seen, self.job.as_deref());
                let keys = pods.into_iter().map(|(key, _)| key).collect();
                if let Some(next) = attempts::next_unread(keys, done, resumed) {
                    return Ok(Some(next));
                }
                let has_long_been_over = self.has_long_been_over(&seen);
                let is_missing = unseen::is_missing(&seen, done, resumed);
                if has_long_been_over || (self.is_over(&seen) && (seen.confirmed || !is_missing)) {
                    return Ok(None);
                }
            }
            self.changed(LOOK_AGAIN).await?;
        }
    }

    /// Whether Pods came and went that are neither among these nor known from the cursor.
    pub(super) fn has_missed(&self, done: &BTreeSet<PodKey>, resumed: Option<&Cursor>) -> bool {
        unseen::is_missing(&self.seen.borrow(), done, resumed)
    }

    /// Waits until a Pod no longer stands like this, for so long at most.
    pub(super) async fn past(
        &mut self,
        pod: &PodKey,
        standing: Standing,
        at_most: Duration,
    ) -> Result<(), LogError> {
        let deadline = Instant::now() + at_most;
        while self.standing(pod) == standing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.changed(left.min(LOOK_AGAIN)).await?;
        }
        Ok(())
    }

    /// Waits for something new, for so long at most.
    pub(super) async fn changed(&mut self, at_most: Duration) -> Result<(), LogError> {
        match tokio::time::timeout(at_most, self.seen.changed()).await {
            Ok(Err(_)) => Err(LogError::Blind),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}
