//! The Job controller: Pods per Job, what they come to, and the Job's status, in the order in which a real one was
//! recorded to write it. Time-dependent steps name the moment at which they want to be looked at again.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builder::Settings;
use super::deletion;
use super::events;
use super::kind::Kind;
use super::objects::{self, Intent};
use super::state::{FirstLook, Key, State};

mod observed;
mod status;

use observed::Observed;

/// A Pod that could not even be created is tried again ten times sooner than one that has failed.
const CREATIONS_PER_RETRY: u32 = 10;
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// What a look at a Job goes by.
#[derive(Debug)]
struct Pass {
    now: Timestamp,
    retry_delay: Duration,
    pod_delay: Duration,
    /// When to look again, at the latest.
    due: Option<Timestamp>,
}

impl Pass {
    fn new(now: Timestamp, settings: &Settings) -> Self {
        Self {
            now,
            retry_delay: settings.retry_delay,
            pod_delay: settings.pod_delay,
            due: None,
        }
    }

    /// Whether a moment has come; if not, it is when to look again.
    fn has_come(&mut self, moment: Timestamp) -> bool {
        if moment <= self.now {
            return true;
        }
        self.due = Some(self.due.map_or(moment, |due| due.min(moment)));
        false
    }
}

/// Takes the Jobs among these objects one step on, and lets those of their Pods go that have no Job any more.
pub(crate) fn reconcile(state: &mut State, touched: &BTreeSet<Key>, settings: &Settings) {
    for key in touched.iter().filter(|key| key.kind == Kind::Pod) {
        release_orphan(state, key);
    }
    for key in touched.iter().filter(|key| key.kind == Kind::Job) {
        let mut pass = Pass::new(state.time(), settings);
        step(state, key, &mut pass);
        state.agenda.set_timer(key, pass.due);
    }
}

fn step(state: &mut State, key: &Key, pass: &mut Pass) {
    let Some(seen) = Observed::of(state, key) else {
        return;
    };
    if seen.is_deleted() {
        seen.pods.iter().for_each(|pod| untrack(state, &pod.key));
        status::count(state, key, &seen);
    } else if seen.is_finished() {
        expire(state, key, &seen, pass);
    } else if !seen.uncounted().is_empty() {
        settle(state, key, &seen, pass);
    } else if let Some((word, reason, message)) = verdict(&seen, pass) {
        end_active(state, key, &seen);
        let early = condition(&state.now(), word, "True", reason, message);
        status::decide(state, key, &early);
    } else if is_behind(state, key, &seen, pass) {
        // What the Job is by now changes nothing.
    } else if seen.is_suspended() {
        suspend(state, key, &seen);
    } else {
        run(state, key, &seen, pass);
    }
}

/// What the Job has come to, if that is clear now: the early condition, its reason and its message.
fn verdict(seen: &Observed, pass: &mut Pass) -> Option<(&'static str, &'static str, &'static str)> {
    if seen.target().is_some() || seen.is_suspended() {
        return None;
    }
    if seen.succeeded() + seen.newly(true).len() as u64 >= seen.completions() {
        let message = "Reached expected number of succeeded pods";
        return Some(("SuccessCriteriaMet", "CompletionsReached", message));
    }
    if seen.failed() + seen.newly(false).len() as u64 > seen.backoff_limit() {
        let message = "Job has reached the specified backoff limit";
        return Some(("FailureTarget", "BackoffLimitExceeded", message));
    }
    let deadline = seen.deadline()?;
    pass.has_come(deadline).then_some((
        "FailureTarget",
        "DeadlineExceeded",
        "Job was active longer than specified deadline",
    ))
}

/// Counts what was found ended: first the Pods let go of their finalizer, then the counters move.
fn settle(state: &mut State, key: &Key, seen: &Observed, pass: &Pass) {
    let uncounted = seen.uncounted();
    for pod in &seen.pods {
        if uncounted.contains(&pod.uid) {
            untrack(state, &pod.key);
        }
    }
    if seen.has_uncounted_failure() {
        state.failed_at(&seen.uid, pass.now);
    }
    status::settle(state, key, seen);
    tell_end(state, key);
}

fn run(state: &mut State, key: &Key, seen: &Observed, pass: &mut Pass) {
    if !seen.newly(true).is_empty() || !seen.newly(false).is_empty() {
        status::note_ended(state, key, seen);
        return;
    }
    if seen.target().is_some() {
        status::finish_or_count(state, key, seen);
        tell_end(state, key);
        return;
    }
    if seen.may_have_none() {
        let_go(state, key, seen);
    } else if seen.wanted() > 0 && retry_is_due(state, seen, pass) {
        create_pod(state, key, &seen.job, pass);
    }
    if seen.condition("Suspended").is_some() {
        events::tell(state, key, "Normal", "Resumed", "Job resumed");
    }
    if let Some(seen) = Observed::of(state, key) {
        status::go_on(state, key, &seen);
    }
}

/// Whether the Job controller has yet to see how the Job is now. When it comes to its first look it makes the Pod,
/// and for as long again it knows nothing newer.
fn is_behind(state: &mut State, key: &Key, seen: &Observed, pass: &mut Pass) -> bool {
    let delay = SignedDuration::try_from(pass.pod_delay).unwrap_or(SignedDuration::MAX);
    let due = match state.first_look(&seen.uid) {
        Some(FirstLook::Had(until)) => return !pass.has_come(until),
        Some(FirstLook::Due(due)) => due,
        None if delay.is_zero() || seen.is_suspended() => return false,
        None => pass.now + delay,
    };
    let next = if pass.has_come(due) {
        create_pod(state, key, &seen.job, pass);
        pass.due = Some(pass.now + delay);
        FirstLook::Had(pass.now + delay)
    } else {
        FirstLook::Due(due)
    };
    state.note_first_look(&seen.uid, next);
    true
}

fn retry_is_due(state: &State, seen: &Observed, pass: &mut Pass) -> bool {
    if !creation_is_due(state, &seen.uid, pass) {
        return false;
    }
    let Some(failed_at) = state.last_failure(&seen.uid) else {
        return true;
    };
    let doublings = u32::try_from(seen.failed().saturating_sub(1)).unwrap_or(u32::MAX);
    let delay = pass.retry_delay * 2_u32.saturating_pow(doublings.min(6));
    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    pass.has_come(failed_at + delay)
}

/// Whether a Job whose last Pod could not be created may try it again.
fn creation_is_due(state: &State, uid: &str, pass: &mut Pass) -> bool {
    let first_delay = pass.retry_delay / CREATIONS_PER_RETRY;
    let next = state.quotas.next_attempt(uid, first_delay);
    next.is_none_or(|next| pass.has_come(next))
}

fn suspend(state: &mut State, key: &Key, seen: &Observed) {
    let_go(state, key, seen);
    if seen.condition("Suspended").is_none() {
        events::tell(state, key, "Normal", "Suspended", "Job suspended");
    }
    if let Some(seen) = Observed::of(state, key) {
        status::suspend(state, key, &seen);
    }
}

/// Ends Pods that are not wanted any more, which then count neither way.
fn let_go(state: &mut State, key: &Key, seen: &Observed) {
    for pod in seen.active() {
        untrack(state, &pod.key);
    }
    end_active(state, key, seen);
}

fn end_active(state: &mut State, key: &Key, seen: &Observed) {
    for pod in seen.active() {
        deletion::end_pod(state, &pod.key, None);
        let message = format!("Deleted pod: {}", pod.key.name);
        events::tell(state, key, "Normal", "SuccessfulDelete", &message);
    }
}

/// Deletes a Job whose time after its end is over; Pods of one that has ended are held no longer.
fn expire(state: &mut State, key: &Key, seen: &Observed, pass: &mut Pass) {
    seen.pods.iter().for_each(|pod| untrack(state, &pod.key));
    if let Some(moment) = seen.expiry()
        && pass.has_come(moment)
    {
        let options = json!({"propagationPolicy": "Foreground"});
        // A refusal means that it is gone, which was the aim.
        let _gone = deletion::delete(state, key, &options);
    }
}

fn create_pod(state: &mut State, key: &Key, job: &Value, pass: &mut Pass) {
    let template = &job["spec"]["template"];
    let mut pod = json!({
        "metadata": template["metadata"],
        "spec": template["spec"],
    });
    let metadata = &mut pod["metadata"];
    metadata["generateName"] = format!("{}-", key.name).into();
    metadata["finalizers"] = json!([TRACKING]);
    metadata["ownerReferences"] = json!([{
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": key.name,
        "uid": job["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    }]);
    let made = objects::create(state, Kind::Pod, &key.namespace, pod, Intent::Store);
    let uid = job["metadata"]["uid"].as_str().unwrap_or_default();
    state.quotas.note(uid, made.is_err(), pass.now);
    let (word, reason, message) = match &made {
        Ok(pod) => {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            ("Normal", "SuccessfulCreate", format!("Created pod: {name}"))
        }
        Err(refusal) => {
            let status = refusal.status();
            let why = status["message"].as_str().unwrap_or_default();
            // Nothing has changed that would have the Job looked at again.
            let _not_yet = creation_is_due(state, uid, pass);
            ("Warning", "FailedCreate", format!("Error creating: {why}"))
        }
    };
    events::tell(state, key, word, reason, &message);
}

fn tell_end(state: &mut State, key: &Key) {
    let Some(seen) = Observed::of(state, key).filter(Observed::is_finished) else {
        return;
    };
    match seen.condition("Failed") {
        None => events::tell(state, key, "Normal", "Completed", "Job completed"),
        Some(failed) => {
            let text = |field: &str| failed[field].as_str().unwrap_or_default();
            events::tell(state, key, "Warning", text("reason"), text("message"));
        }
    }
}

fn release_orphan(state: &mut State, key: &Key) {
    let owner = state.get(key).and_then(|pod| observed::owner_of(pod));
    let has_owner = owner.is_some_and(|(name, uid)| {
        let job = state.get(&Key::new(Kind::Job, &key.namespace, &name));
        job.is_some_and(|job| job["metadata"]["uid"] == uid.as_str())
    });
    if !has_owner {
        untrack(state, key);
    }
    deletion::release(state, key);
}

fn untrack(state: &mut State, key: &Key) {
    state.modify(key, |pod| {
        let metadata = pod["metadata"].as_object_mut().expect("it has metadata");
        if let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
            finalizers.retain(|one| one != TRACKING);
            if finalizers.is_empty() {
                metadata.remove("finalizers");
            }
        }
    });
}

/// A condition of a Job.
fn condition(now: &str, word: &str, holds: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": word,
        "status": holds,
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    })
}
