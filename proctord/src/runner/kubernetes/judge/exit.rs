//! How one attempt ended: its exit code, if it can be believed, and in words what that does not say by itself.

use super::super::seen::{ContainerSeen, PodSeen};
use super::Expected;
use super::view::Attempt;
use crate::domain::lifecycle::Exit;

/// Reasons with which a node tells an exit code that a process really had.
const BELIEVED: [&str; 3] = ["Completed", "Error", "OOMKilled"];

/// Reasons with which a node says that the command could not be started.
const NEVER_BEGAN: [&str; 2] = ["StartError", "ContainerCannotRun"];

/// Codes that shells and container runtimes make of signals. A program may exit with them as well, so they stay codes.
const OF_SIGNALS: [(i32, &str); 5] = [
    (129, "hung up"),
    (130, "interrupted"),
    (134, "aborted"),
    (137, "killed"),
    (139, "segmentation fault"),
];

/// What a runtime puts before the cause when a command cannot be started.
const BEFORE_THE_CAUSE: [&str; 2] = [
    "unable to start container process: ",
    "error during container init: ",
];

pub(super) fn is_believed(reason: &str) -> bool {
    BELIEVED.contains(&reason)
}

pub(super) fn never_began(reason: &str) -> bool {
    NEVER_BEGAN.contains(&reason)
}

/// The exit code, if the node told one that can be believed.
pub(super) fn told(pod: &PodSeen) -> Option<Exit> {
    match &pod.container {
        ContainerSeen::Terminated {
            exit_code, reason, ..
        } if is_believed(reason) => Some(Exit::Code(*exit_code)),
        _ => None,
    }
}

/// Why the command could not be started, if that is how it ended.
pub(super) fn cannot_start(pod: &PodSeen) -> Option<String> {
    match &pod.container {
        ContainerSeen::Terminated {
            reason, message, ..
        } if never_began(reason) => Some(format!("cannot start: {}", cause(message))),
        _ => None,
    }
}

/// A runtime's message without what it was doing when it failed.
pub(super) fn cause(message: &str) -> &str {
    let mut cause = message.trim();
    for prefix in BEFORE_THE_CAUSE {
        cause = cause.split_once(prefix).map_or(cause, |(_, rest)| rest);
    }
    let cause = cause.strip_suffix(": unknown").unwrap_or(cause);
    if cause.is_empty() {
        "the node does not say why"
    } else {
        cause
    }
}

/// In words, what ended the attempt, where its exit code does not say it all.
pub(super) fn reason(expected: &Expected, attempt: Attempt<'_>) -> Option<String> {
    let disturbance = disturbance(attempt);
    disturbance.or_else(|| match &attempt.pod.container {
        ContainerSeen::Terminated {
            exit_code, reason, ..
        } => reason_of_exit(expected, *exit_code, reason),
        _ => attempt.pod.message.clone(),
    })
}

fn reason_of_exit(expected: &Expected, exit_code: i32, reason: &str) -> Option<String> {
    if reason == "OOMKilled" {
        let limit = expected.memory_limit.as_ref();
        return Some(limit.map_or("out of memory".to_owned(), |limit| {
            format!("out of memory: limit {limit}")
        }));
    }
    if !is_believed(reason) {
        return Some(format!("how it ended is not known: {reason}"));
    }
    let mut of_signals = OF_SIGNALS.iter();
    let (_, meaning) = of_signals.find(|(code, _)| *code == exit_code)?;
    Some(format!("exit code {exit_code}: {meaning}"))
}

/// In words, who or what had a hand in the end.
fn disturbance(attempt: Attempt<'_>) -> Option<String> {
    let pod = attempt.pod;
    let told = |text: &str| {
        if text.is_empty() {
            None
        } else {
            Some(text.to_owned())
        }
    };
    if let Some(node) = lost_node(attempt) {
        return Some(format!("node lost: {node}"));
    }
    if let Some(disruption) = attempt.disruption() {
        let message = told(&disruption.message).or_else(|| pod.message.clone());
        let message = message.unwrap_or_else(|| disruption.reason.clone());
        return Some(format!("evicted: {message}"));
    }
    if let Some(reason) = &pod.reason {
        let message = pod.message.as_deref().and_then(told);
        let message = message.unwrap_or_else(|| reason.clone());
        return Some(if reason == "Evicted" {
            format!("evicted: {message}")
        } else {
            format!("{reason}: {message}")
        });
    }
    let deleted = pod.deletion.is_some() || (attempt.departed && told_nothing(pod));
    deleted.then(|| "its Pod was deleted by somebody else".to_owned())
}

/// The node, if Kubernetes gave the Pod up since nothing was heard of its node.
fn lost_node(attempt: Attempt<'_>) -> Option<&str> {
    let given_up = attempt.disruption().is_some_and(|disruption| {
        matches!(
            disruption.reason.as_str(),
            "DeletionByTaintManager" | "DeletionByPodGC"
        )
    });
    let lost = attempt.pod.reason.as_deref() == Some("NodeLost") || given_up;
    let node = attempt.pod.node.as_deref();
    node.filter(|_| lost && told_nothing(attempt.pod))
}

/// Whether its node never told how the container ended.
fn told_nothing(pod: &PodSeen) -> bool {
    match &pod.container {
        ContainerSeen::Terminated { reason, .. } => !is_believed(reason),
        _ => true,
    }
}
