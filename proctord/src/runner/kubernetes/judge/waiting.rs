//! What a live execution waits for, in words that its user understands: what Kubernetes says, without what only
//! Kubernetes knows.

use jiff::Timestamp;

use super::super::labels;
use super::super::seen::{ConditionSeen, ContainerSeen, JobSeen, PodSeen, Sight};
use super::view::View;
use super::{exit, later};
use crate::domain::execution::UNCONFIRMED;

/// How long after the end of its grace a Pod may go unconfirmed.
const CONFIRMATION_SECONDS: i64 = 120;

/// How long a Pod may take to be made before anybody wonders.
const POD_SECONDS: i64 = 5;

/// How long a watch may fail before its users hear of it: API servers restart.
const BLIND_SECONDS: i64 = 10;

/// What an execution waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// For what may never come. Since then nothing of it has run.
    Start { reason: String, since: Timestamp },
    /// For a Pod, which the cluster does not make. Its events may tell why.
    Pod { first: bool, since: Timestamp },
    /// For somebody to let its Job run again.
    Resume,
    /// For somebody to let its Job have a Pod again.
    Parallelism,
    /// For somebody to give its Job its labels back; until then it is looked for by asking.
    Labels,
    /// For the watches to work again.
    Sight {
        /// What is not seen.
        what: &'static str,
        since: Timestamp,
    },
    /// For a node to confirm that its Pod has ended.
    Confirmation { node: String, since: Timestamp },
}

/// What it waits for while nothing can be said of it, and when that may change.
pub(super) fn blind(sight: Sight, now: Timestamp) -> (Option<Waiting>, Option<Timestamp>) {
    let Sight::Failing { what, since } = sight else {
        return (None, None);
    };
    let told_at = later(since, BLIND_SECONDS);
    if now < told_at {
        return (None, Some(told_at));
    }
    (Some(Waiting::Sight { what, since }), None)
}

/// What it waits for, and when that may change although nothing else is seen.
pub(super) fn waiting(view: &View<'_>) -> (Option<Waiting>, Option<Timestamp>) {
    let (unconfirmed, again_at) = unconfirmed(view);
    if unconfirmed.is_some() {
        return (unconfirmed, None);
    }
    let Some(job) = view.job.filter(|job| !is_ending(job)) else {
        return (None, again_at);
    };
    if view.job_astray {
        return (Some(Waiting::Labels), again_at);
    }
    if job.suspended {
        // At generation 1 nobody has let it run yet; that is for its owner to do.
        let by_somebody_else = job.generation > 1 && !job.is_told_to_end();
        return (by_somebody_else.then_some(Waiting::Resume), again_at);
    }
    if job.parallelism == 0 {
        return (Some(Waiting::Parallelism), again_at);
    }
    match view.living().last() {
        Some(pod) => (start(view, job, pod), again_at),
        None => no_pod(view, job),
    }
}

fn is_ending(job: &JobSeen) -> bool {
    let target = job.condition("FailureTarget");
    let target = target.or(job.condition("SuccessCriteriaMet"));
    job.deleting || job.terminal().is_some() || target.is_some()
}

/// The Pod whose node has been silent for too long, or when one will have been.
fn unconfirmed(view: &View<'_>) -> (Option<Waiting>, Option<Timestamp>) {
    let mut overdue_at = None;
    for pod in view.living() {
        let Some(since) = pod.deletion else { continue };
        let overdue = later(since, CONFIRMATION_SECONDS);
        if overdue <= view.now {
            let node = pod.node.clone().unwrap_or_else(|| "unknown".to_owned());
            return (Some(Waiting::Confirmation { node, since }), None);
        }
        overdue_at = overdue_at.into_iter().chain([overdue]).min();
    }
    (None, overdue_at)
}

fn start(view: &View<'_>, job: &JobSeen, pod: &PodSeen) -> Option<Waiting> {
    if pod.deletion.is_some() {
        return None;
    }
    let reason = unscheduled(pod).or_else(|| held_up(&view.expected.image, &pod.container))?;
    let since = job.started_at.unwrap_or(pod.created_at);
    let since = since.max(pod.created_at);
    Some(Waiting::Start { reason, since })
}

/// A Job that may run and has no Pod, though it could still have one.
fn no_pod(view: &View<'_>, job: &JobSeen) -> (Option<Waiting>, Option<Timestamp>) {
    let latest = view.latest();
    let succeeded = job.succeeded > 0;
    // Its first Pod may only not have been shown.
    let may_have_one = latest.is_none() && !view.confirmed;
    // Not started: its controller has not looked at it yet, and there may be none.
    let started_at = job.started_at.or_else(|| job.let_run_at());
    let Some(started_at) = started_at.filter(|_| !may_have_one && !succeeded) else {
        return (None, None);
    };
    if latest.is_some() && view.no_retry_is_left(job) {
        return (None, None);
    }
    let last_sign = latest.map(|attempt| attempt.finished_at().unwrap_or(attempt.pod.created_at));
    let since = last_sign.into_iter().chain([started_at]).max();
    let since = since.unwrap_or(started_at);
    let wonder_at = later(since, POD_SECONDS);
    if view.now < wonder_at {
        return (None, Some(wonder_at));
    }
    let first = latest.is_none() && job.failed == 0;
    (Some(Waiting::Pod { first, since }), None)
}

fn unscheduled(pod: &PodSeen) -> Option<String> {
    let refused = |condition: &&ConditionSeen| condition.kind == "PodScheduled";
    let condition = pod.conditions.iter().find(refused)?;
    let why = if condition.message.is_empty() {
        &condition.reason
    } else {
        &condition.message
    };
    Some(format!("cannot be scheduled: {why}"))
}

/// Why a container that waits will go on waiting, if it is not just on its way.
fn held_up(image: &str, container: &ContainerSeen) -> Option<String> {
    let ContainerSeen::Waiting { reason, message } = container else {
        return None;
    };
    match reason.as_str() {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => Some(image_held_up(image, message)),
        "ErrImageNeverPull" => Some(format!(
            "image not found: {image}: its node does not have it, and may not pull it"
        )),
        "InvalidImageName" => Some(format!(
            "image not found: {image}: no image can have that name"
        )),
        "CreateContainerConfigError" => Some(config_held_up(message)),
        "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => Some(format!("cannot start: {}", exit::cause(message))),
        "CrashLoopBackOff" => Some(format!("cannot start: {message}")),
        _ => None,
    }
}

fn image_held_up(image: &str, message: &str) -> String {
    // Each layer that passed it on has put the image's name in front once more; the cause is behind the last one.
    let quoted = format!("\"{image}\"");
    let cause = message
        .rsplit_once(&quoted)
        .map_or(message, |(_, cause)| cause);
    let cause = cause.trim_start_matches([':', ' ']);
    let is_missing = ["not found", "no such", "does not exist", "unknown"]
        .iter()
        .any(|sign| cause.to_lowercase().contains(sign));
    match cause {
        "" => format!("image cannot be pulled: {image}"),
        cause if is_missing => format!("image not found: {image}: {cause}"),
        cause => format!("image cannot be pulled: {image}: {cause}"),
    }
}

fn config_held_up(message: &str) -> String {
    let missing = |prefix: &str| {
        let name = message.strip_prefix(prefix)?.strip_prefix(" \"")?;
        name.strip_suffix("\" not found")
    };
    if let Some(name) = missing("secret") {
        return format!("the secret {name} is missing");
    }
    if let Some(name) = missing("configmap") {
        return format!("the config {name} is missing");
    }
    format!("cannot be configured: {message}")
}

/// In words, why the cluster makes no Pod, from the message of a `FailedCreate` event.
#[must_use]
pub fn refused_pod(message: &str) -> String {
    let why = message.strip_prefix("Error creating: ").unwrap_or(message);
    // The name in front is that of a Pod that never was, and another one in each event.
    let why = why.split_once("is forbidden: ").map_or(why, |(_, why)| why);
    match why.strip_prefix("exceeded quota: ") {
        Some(quota) => format!("the quota forbids it: {quota}"),
        None => format!("its Pod cannot be made: {why}"),
    }
}

impl JobSeen {
    /// When Proctor let it run, if nobody has touched it since.
    fn let_run_at(&self) -> Option<Timestamp> {
        let at = self.annotations.get(labels::RESUMED_AT);
        at.filter(|_| self.generation == 2)?.parse().ok()
    }
}

impl Waiting {
    /// In words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Start { reason, .. } => reason.clone(),
            Self::Pod { first: true, .. } => "the cluster has made no Pod for it yet".to_owned(),
            Self::Pod { first: false, .. } => "its next attempt".to_owned(),
            Self::Resume => "its Job was suspended by somebody else".to_owned(),
            Self::Parallelism => {
                "the parallelism of its Job was set to 0 by somebody else".to_owned()
            }
            Self::Labels => {
                "its Job is there, but has lost the labels by which Proctor finds it".to_owned()
            }
            Self::Sight { what, since } => format!(
                "the {what} of the cluster cannot be watched since {since}: how it stands is not known"
            ),
            Self::Confirmation { node, since } => {
                format!("node {node} {UNCONFIRMED} {since}")
            }
        }
    }
}
