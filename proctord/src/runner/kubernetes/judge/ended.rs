//! Whether an execution is over, and how it ended. The Job's condition is the truth; a Pod that ended undisturbed is
//! believed about two seconds earlier. An end that is said too early cannot be taken back, so whatever is in doubt
//! is left open: what rests on something not being there is said only once the cluster itself was asked for it.

use jiff::Timestamp;

use super::super::seen::{ConditionSeen, JobSeen};
use super::view::{Attempt, View};
use super::{exit, later};
use crate::domain::lifecycle::{Cause, End, Ending, Exit};

/// How long a Pod may take to be shown that was made while the Job was being stopped.
const SETTLING_SECONDS: i64 = 5;

pub(super) enum Outcome {
    Over(End),
    Open {
        /// When it may be over although nothing else is seen.
        again_at: Option<Timestamp>,
    },
}

const OPEN: Outcome = Outcome::Open { again_at: None };

pub(super) fn outcome(view: &View<'_>) -> Outcome {
    let Some(job) = view.job else {
        return without_a_job(view);
    };
    if let Some(condition) = job.terminal() {
        return by_condition(view, job, condition);
    }
    if job.is_told_to_end() {
        return told_to_end(view, job);
    }
    let cut_short = job
        .condition("FailureTarget")
        .is_some_and(|target| target.reason == "DeadlineExceeded");
    if cut_short {
        return OPEN;
    }
    early(view, Some(job)).map_or(OPEN, Outcome::Over)
}

fn without_a_job(view: &View<'_>) -> Outcome {
    if let Some(job) = view.departed_job
        && let Some(condition) = job.terminal()
    {
        return by_condition(view, job, condition);
    }
    let told_to_end = view.departed_job.filter(|job| job.is_told_to_end());
    if told_to_end.is_none()
        && let Some(end) = early(view, None)
    {
        return Outcome::Over(end);
    }
    if view.is_live() || !view.confirmed {
        return OPEN;
    }
    Outcome::Over(match told_to_end {
        Some(job) => end_of_told(view, job, None),
        None => gone(view),
    })
}

fn gone(view: &View<'_>) -> End {
    let exit = view.latest().and_then(|attempt| exit::told(attempt.pod));
    let reason = "its Job was deleted by somebody else".to_owned();
    end(view, Cause::Gone, exit, Some(reason), None)
}

/// What the Pods tell before the Job does, where it cannot turn out otherwise.
fn early(view: &View<'_>, job: Option<&JobSeen>) -> Option<End> {
    let undisturbed = |attempt: &Attempt<'_>| !attempt.is_disturbed();
    let code = |attempt: &Attempt<'_>| exit::told(attempt.pod).and_then(Exit::code);
    let mut attempts = view.attempts.iter();
    if attempts.any(|attempt| undisturbed(attempt) && code(attempt) == Some(0)) {
        return Some(end(view, Cause::Exited, Some(Exit::Code(0)), None, None));
    }
    let latest = view.latest().filter(undisturbed)?;
    let conclusive = code(&latest).is_some() || exit::cannot_start(latest.pod).is_some();
    let failed = conclusive && view.no_retry_is_left(job?);
    failed.then(|| end_of_failure(view, latest, None, view.failures()))
}

fn by_condition(view: &View<'_>, job: &JobSeen, condition: &ConditionSeen) -> Outcome {
    // Pods come by another watch than Jobs.
    let all_are_shown = view.ended() >= job.counted().max(1);
    if view.is_live() || !(all_are_shown || view.confirmed) {
        return OPEN;
    }
    Outcome::Over(end_by_condition(view, job, condition))
}

fn end_by_condition(view: &View<'_>, job: &JobSeen, condition: &ConditionSeen) -> End {
    let at = condition.since;
    if condition.kind == "Complete" {
        let cause = if job.stopped().is_some() {
            Cause::Stopped
        } else {
            Cause::Exited
        };
        return end(view, cause, Some(Exit::Code(0)), None, at);
    }
    if job.is_told_to_end() {
        return end_of_told(view, job, at);
    }
    if condition.reason == "DeadlineExceeded" {
        let last = view.last_of(job, at);
        let exit = last.and_then(|attempt| exit::told(attempt.pod));
        let reason = "its deadline was over".to_owned();
        return end(view, Cause::Deadline, exit, Some(reason), at);
    }
    let attempts = view
        .attempts
        .len()
        .max(usize::try_from(job.failed).unwrap_or(0));
    match view.last_of(job, at) {
        Some(last) => end_of_failure(view, last, at, attempts),
        None => {
            let reason = format!("{}, and its Pod is gone", condition.message);
            let mut end = end(view, Cause::Exited, None, Some(reason), at);
            end.ending.finished_at = at.unwrap_or(end.ending.finished_at);
            end
        }
    }
}

/// A Job that Proctor told to end has, once its controller has seen that and no Pod of it is left.
fn told_to_end(view: &View<'_>, job: &JobSeen) -> Outcome {
    if !job.suspended || job.active > 0 || job.terminating > 0 || view.is_live() {
        return OPEN;
    }
    let seen_by_controller = job.condition("Suspended");
    let over = || {
        Outcome::Over(end_of_told(
            view,
            job,
            seen_by_controller.and_then(|seen| seen.since),
        ))
    };
    if job.generation == 1 {
        return over();
    }
    if !view.attempts.is_empty() {
        return seen_by_controller.map_or(OPEN, |_| over());
    }
    // A Job is suspended from its birth. One that was let run and ended before its controller looked at it still has
    // that first condition, or none if there is no controller, and may get a Pod from one that looks at what was.
    let may_have_started = seen_by_controller.is_none() && job.started_at.is_some();
    if may_have_started || !view.confirmed {
        return OPEN;
    }
    let stopped_at = job.stopped().and_then(moment_of);
    match stopped_at.map(|at| later(at, SETTLING_SECONDS)) {
        Some(until) if view.now < until => Outcome::Open {
            again_at: Some(until),
        },
        _ => over(),
    }
}

/// When a stop was wished: its annotation ends in the time.
fn moment_of(stopped: &str) -> Option<Timestamp> {
    stopped.rsplit([' ', ',']).next()?.parse().ok()
}

fn end_of_told(view: &View<'_>, job: &JobSeen, at: Option<Timestamp>) -> End {
    let last = view.last_of(job, at);
    // One that ended by itself may have been followed by another that came and went unseen while the Job was stopped.
    let last = last.filter(|last| view.no_retry_is_left(job) || last.was_told_to_end(job));
    let exit = last.and_then(|attempt| exit::told(attempt.pod));
    let given_up = job.given_up().filter(|_| job.stopped().is_none());
    match given_up {
        Some(reason) if view.started_at().is_some() => {
            let exit = exit.filter(|exit| *exit != Exit::Code(0));
            end(view, Cause::Exited, exit, Some(reason.to_owned()), at)
        }
        Some(reason) => end(view, Cause::NeverStarted, None, Some(reason.to_owned()), at),
        None => end(view, Cause::Stopped, exit, None, at),
    }
}

fn end_of_failure(
    view: &View<'_>,
    latest: Attempt<'_>,
    at: Option<Timestamp>,
    attempts: usize,
) -> End {
    let (cause, exit, reason) = match exit::cannot_start(latest.pod) {
        Some(reason) => (Cause::CannotStart, None, Some(reason)),
        None => (
            Cause::Exited,
            // A Job that failed has not succeeded, whatever its last Pod could still say while it was going.
            exit::told(latest.pod).filter(|exit| *exit != Exit::Code(0)),
            exit::reason(view.expected, latest),
        ),
    };
    let reason = match (reason, attempts) {
        (reason, 0 | 1) => reason,
        (None, attempts) => Some(format!("after {attempts} attempts")),
        (Some(reason), attempts) => Some(format!("{reason}; after {attempts} attempts")),
    };
    end(view, cause, exit, reason, at)
}

/// `at` is when Kubernetes says that it was over, where no Pod tells it.
fn end(
    view: &View<'_>,
    cause: Cause,
    exit: Option<Exit>,
    reason: Option<String>,
    at: Option<Timestamp>,
) -> End {
    let told = view.latest().and_then(|attempt| attempt.finished_at());
    End {
        cause,
        ending: Ending {
            exit,
            reason,
            started_at: view.started_at(),
            finished_at: told.or(at).unwrap_or(view.now),
        },
    }
}
