//! The Pods of an execution as attempts, in their order, and how each stands as far as its log goes. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::cursor::{Cursor, PodKey};
use crate::runner::kubernetes::seen::{ContainerSeen, Phase, PodSeen, Seen, Sight};

/// How a Pod stands as far as its log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is none yet.
    Unborn,
    /// Its container writes it.
    Open,
    /// Nobody writes to it any more.
    Closed,
    /// There never was one, nor will there be.
    Never,
    /// It can be read no more.
    Gone,
}

/// The Pods of this Job that have been seen, in order, whether they are there or not.
pub(super) fn pods<'a>(seen: &'a Seen, job: Option<&str>) -> Vec<(PodKey, &'a PodSeen)> {
    let departed = seen.departed.values();
    let departed = departed.filter(|pod| !seen.pods.contains_key(&pod.uid));
    let pods = seen.pods.values().chain(departed);
    let pods = pods.filter(|pod| job.is_none_or(|job| pod.job_uid == job));
    let mut pods: Vec<_> = pods.map(|pod| (key(pod), &**pod)).collect();
    pods.sort_by(|(one, _), (other, _)| one.cmp(other));
    pods
}

/// The first Pod that has not been read: neither one of these, nor one that was read before the cursor that reading
/// went on from. Kubernetes tells whole seconds only, so of those of one second the cursor's number decides.
pub(super) fn next_unread(
    pods: Vec<PodKey>,
    done: &BTreeSet<PodKey>,
    resumed: Option<&Cursor>,
) -> Option<PodKey> {
    let Some(cursor) = resumed else {
        return pods.into_iter().find(|pod| !done.contains(pod));
    };
    let mut before = cursor.attempt - 1;
    let mut unread = pods.into_iter().filter(|pod| {
        let is_earlier = pod.created_at < cursor.pod.created_at;
        let may_be_earlier = pod.created_at == cursor.pod.created_at && *pod != cursor.pod;
        let is_counted = is_earlier || (may_be_earlier && before > 0);
        before = before.saturating_sub(u32::from(is_counted));
        !is_counted && *pod != cursor.pod && !done.contains(pod)
    });
    unread.next()
}

fn key(pod: &PodSeen) -> PodKey {
    PodKey {
        created_at: pod.created_at,
        uid: pod.uid.as_str().into(),
    }
}

/// How this Pod stands. One that is not in sight is gone if it is known to be past, and is yet to come into sight
/// otherwise. One that has not begun never will if it is past; one that has goes on until its node says otherwise,
/// whatever is known of the execution.
pub(super) fn standing(seen: &Seen, uid: &str, is_past: bool) -> Standing {
    let Some(pod) = seen.pods.get(uid) else {
        return match seen.departed.get(uid) {
            // What was lost from sight before it had begun may have begun after that.
            Some(pod) if !has_begun(pod) && is_last_word(seen, pod) => Standing::Never,
            // It may only not be shown: a watch may be behind what others have read.
            None if seen.sight != Sight::Current
                || seen.is_doubtful()
                || !(is_past || seen.confirmed) =>
            {
                Standing::Unborn
            }
            _ => Standing::Gone,
        };
    };
    let ended = matches!(pod.container, ContainerSeen::Terminated { .. })
        || matches!(pod.phase, Phase::Succeeded | Phase::Failed);
    match (has_begun(pod), ended) {
        (true, true) => Standing::Closed,
        (true, false) => Standing::Open,
        (false, true) => Standing::Never,
        // Its execution may be known to be over before its own watch has come to its begin.
        (false, false) if is_past => Standing::Never,
        (false, false) => Standing::Unborn,
    }
}

/// Whether a Pod that is gone ended as it was seen last.
fn is_last_word(seen: &Seen, pod: &PodSeen) -> bool {
    pod.is_over() || seen.told_gone.contains(&pod.uid)
}

/// Whether its command was executed.
fn has_begun(pod: &PodSeen) -> bool {
    match &pod.container {
        ContainerSeen::Running { .. } => true,
        ContainerSeen::Terminated { reason, .. } => !never_began(reason),
        ContainerSeen::Untold | ContainerSeen::Waiting { .. } => false,
    }
}

/// Whether these are words for a container whose command was never executed.
fn never_began(reason: &str) -> bool {
    matches!(
        reason,
        "StartError" | "ContainerCannotRun" | "CreateContainerError" | "CreateContainerConfigError"
    )
}

/// When its container began to run.
pub(super) fn began(pod: &PodSeen) -> Option<Timestamp> {
    match pod.container {
        ContainerSeen::Running { started_at } => Some(started_at),
        ContainerSeen::Terminated { started_at, .. } => started_at,
        _ => None,
    }
}

/// When its container ended.
pub(super) fn finished(pod: &PodSeen) -> Option<Timestamp> {
    match pod.container {
        ContainerSeen::Terminated { finished_at, .. } => finished_at,
        _ => None,
    }
}

/// Whether its node says no more of its container than that it cannot be found.
pub(super) fn is_not_found(pod: &PodSeen) -> bool {
    matches!(
        &pod.container,
        ContainerSeen::Terminated { reason, started_at: None, .. } if reason == "ContainerStatusUnknown"
    )
}

/// In words, that an attempt is followed by another.
pub(super) fn followed(number: u32, pod: Option<&PodSeen>) -> String {
    let container = pod.map(|pod| &pod.container);
    let ended = match container {
        Some(ContainerSeen::Terminated {
            exit_code, reason, ..
        }) if matches!(&**reason, "Completed" | "Error" | "OOMKilled") => {
            format!("exited with {exit_code}")
        }
        Some(ContainerSeen::Untold | ContainerSeen::Waiting { .. }) => "never began".to_owned(),
        Some(ContainerSeen::Terminated { .. } | ContainerSeen::Running { .. }) | None => {
            "ended".to_owned()
        }
    };
    format!("attempt {number} {ended}; next attempt")
}

#[cfg(test)]
mod tests;
