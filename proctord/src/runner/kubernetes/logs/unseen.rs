//! Pods that came and went while nobody looked: what a Job says of its Pods, held against those that were read. Pure.

use std::collections::BTreeSet;

use super::cursor::{Cursor, PodKey};
use crate::runner::kubernetes::judge::GIVEN_UP_ANNOTATION;
use crate::runner::kubernetes::seen::{JobSeen, Seen};

/// Whether there must have been Pods beside these and those that were read up to the cursor.
pub(super) fn is_missing(seen: &Seen, done: &BTreeSet<PodKey>, resumed: Option<&Cursor>) -> bool {
    let Some(job) = seen.job.as_ref().or(seen.departed_job.as_ref()) else {
        return false;
    };
    let before = resumed.map_or(0, |cursor| cursor.attempt);
    let before = usize::try_from(before).unwrap_or(usize::MAX);
    let read = before.saturating_add(done.len());
    let is_read = |uid: &str| {
        done.iter().any(|pod| &*pod.uid == uid)
            || resumed.is_some_and(|cursor| &*cursor.pod.uid == uid)
    };
    let ended = usize::try_from(job.succeeded.saturating_add(job.failed)).unwrap_or(0);
    ended > read || (read == 0 && may_have_run(job)) || !job.ended_by_a_stop().all(is_read)
}

/// Whether it was let run, and not given up because no container of its ever began.
fn may_have_run(job: &JobSeen) -> bool {
    let was_let_run = job.generation > 1 || !job.suspended;
    was_let_run && !job.annotations.contains_key(GIVEN_UP_ANNOTATION)
}
