//! Pods that came and went while nobody looked: what a Job says of its Pods, held against those that were read. Pure.

use std::collections::BTreeSet;

use super::cursor::{Cursor, PodKey};
use crate::runner::kubernetes::judge::{GIVEN_UP_ANNOTATION, STOPPED_ANNOTATION};
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
    let is_unbroken = !seen.interrupted && resumed.is_none();
    ended > read
        || (read == 0 && may_have_run(job))
        || !job.ended_by_a_stop().all(is_read)
        || (ended == read && !is_unbroken && may_have_had_another(job))
}

/// Whether one more Pod may have been made right before the Job was suspended: what is ended by that is not counted.
fn may_have_had_another(job: &JobSeen) -> bool {
    let was_stopped = job.annotations.contains_key(STOPPED_ANNOTATION);
    was_stopped && (1..=job.retries).contains(&job.failed)
}

/// Whether it was let run, and not given up because no container of its ever began.
fn may_have_run(job: &JobSeen) -> bool {
    let was_let_run = job.generation > 1 || !job.suspended;
    was_let_run && !job.annotations.contains_key(GIVEN_UP_ANNOTATION)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;

    use super::*;

    /// A Job that was stopped, one of whose Pods had failed.
    fn stopped(retries: i32) -> Seen {
        let job = JobSeen {
            uid: "job".to_owned(),
            revision: "7".to_owned(),
            generation: 3,
            suspended: true,
            parallelism: 1,
            deleting: false,
            retries,
            active: 0,
            terminating: 0,
            failed: 1,
            succeeded: 0,
            started_at: None,
            conditions: Vec::new(),
            annotations: BTreeMap::from([(STOPPED_ANNOTATION.to_owned(), "now".to_owned())]),
        };
        Seen {
            job: Some(job),
            ..Seen::default()
        }
    }

    fn read(pods: &[&str]) -> BTreeSet<PodKey> {
        let keys = pods.iter().map(|uid| PodKey {
            created_at: Timestamp::UNIX_EPOCH,
            uid: (*uid).into(),
        });
        keys.collect()
    }

    #[test]
    fn a_pod_that_the_suspension_ended_may_have_been_missed_only_if_sight_was_lost() {
        let interrupted = |retries| Seen {
            interrupted: true,
            ..stopped(retries)
        };

        assert!(is_missing(&interrupted(2), &read(&["one"]), None));
        assert!(!is_missing(&stopped(2), &read(&["one"]), None));
        assert!(!is_missing(&interrupted(0), &read(&["one"]), None));
        assert!(!is_missing(&interrupted(2), &read(&["one", "two"]), None));
    }
}
