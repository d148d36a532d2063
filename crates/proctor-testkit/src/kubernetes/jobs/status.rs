//! Writing a Job's status, one recorded step at a time. What the step is to be is decided by the controller.

use serde_json::{Value, json};

use super::condition;
use super::observed::Observed;
use crate::kubernetes::state::{Key, State};

/// Brings the counters of running Pods up to date.
pub(super) fn count(state: &mut State, key: &Key, seen: &Observed) {
    state.modify(key, |job| write_counts(&mut job["status"], seen));
}

/// Names the Pods that have ended, before they are counted.
pub(super) fn note_ended(state: &mut State, key: &Key, seen: &Observed) {
    state.modify(key, |job| name_ended(&mut job["status"], seen));
}

/// Sets the early condition, and names the Pods that have ended.
pub(super) fn decide(state: &mut State, key: &Key, early: &Value) {
    let Some(seen) = Observed::of(state, key) else {
        return;
    };
    state.modify(key, |job| {
        let status = &mut job["status"];
        name_ended(status, &seen);
        push_condition(status, early.clone());
    });
}

/// Counts the Pods that were named, and finishes the Job if nothing is left to wait for.
pub(super) fn settle(state: &mut State, key: &Key, seen: &Observed) {
    let now = state.now();
    state.modify(key, |job| {
        let status = &mut job["status"];
        for (field, already) in [("succeeded", seen.succeeded()), ("failed", seen.failed())] {
            let named = status["uncountedTerminatedPods"][field].as_array();
            let total = already + named.map_or(0, |pods| pods.len() as u64);
            if total > 0 {
                status[field] = total.into();
            }
        }
        status["uncountedTerminatedPods"] = json!({});
        if status["terminating"] == 0 && seen.terminating() == 0 && seen.active().next().is_none() {
            finish(status, &now);
        }
    });
}

/// Finishes a decided Job when the status says that no Pod is left; until then it counts.
pub(super) fn finish_or_count(state: &mut State, key: &Key, seen: &Observed) {
    let now = state.now();
    state.modify(key, |job| {
        let status = &mut job["status"];
        let told = status.clone();
        write_counts(status, seen);
        if *status == told && seen.terminating() == 0 && seen.active().next().is_none() {
            finish(status, &now);
        }
    });
}

pub(super) fn suspend(state: &mut State, key: &Key, seen: &Observed) {
    let now = state.now();
    state.modify(key, |job| {
        let status = &mut job["status"];
        write_counts(status, seen);
        if let Some(fields) = status.as_object_mut() {
            fields.remove("startTime");
        }
        let suspended = condition(&now, "Suspended", "True", "JobSuspended", "Job suspended");
        replace_condition(status, suspended);
    });
}

/// Starts a Job's time if it has not begun, says that it goes on if it was suspended, and counts.
pub(super) fn go_on(state: &mut State, key: &Key, seen: &Observed) {
    let now = state.now();
    state.modify(key, |job| {
        let status = &mut job["status"];
        if status["startTime"].is_null() {
            status["startTime"] = now.as_str().into();
        }
        if seen.condition("Suspended").is_some() {
            let resumed = condition(&now, "Suspended", "False", "JobResumed", "Job resumed");
            replace_condition(status, resumed);
        }
        write_counts(status, seen);
    });
}

fn name_ended(status: &mut Value, seen: &Observed) {
    write_counts(status, seen);
    let named = &mut status["uncountedTerminatedPods"];
    for (field, pods) in [
        ("succeeded", seen.newly(true)),
        ("failed", seen.newly(false)),
    ] {
        if !pods.is_empty() {
            named[field] = json!(pods);
        }
    }
}

fn write_counts(status: &mut Value, seen: &Observed) {
    let active = seen.active().count();
    if active > 0 {
        status["active"] = active.into();
    } else if let Some(fields) = status.as_object_mut() {
        fields.remove("active");
    }
    status["terminating"] = seen.terminating().into();
    status["ready"] = seen.ready().into();
    if status["uncountedTerminatedPods"].is_null() {
        status["uncountedTerminatedPods"] = json!({});
    }
}

/// Adds the final condition that follows from the early one.
fn finish(status: &mut Value, now: &str) {
    let early = status["conditions"].as_array().and_then(|conditions| {
        conditions
            .iter()
            .find(|one| {
                matches!(
                    one["type"].as_str(),
                    Some("SuccessCriteriaMet" | "FailureTarget")
                )
            })
            .cloned()
    });
    let Some(early) = early else {
        return;
    };
    let text = |field: &str| early[field].as_str().unwrap_or_default();
    let word = if text("type") == "FailureTarget" {
        "Failed"
    } else {
        status["completionTime"] = now.into();
        "Complete"
    };
    push_condition(
        status,
        condition(now, word, "True", text("reason"), text("message")),
    );
}

fn push_condition(status: &mut Value, condition: Value) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let conditions = status["conditions"].as_array_mut();
    conditions.expect("it is a list by now").push(condition);
}

/// Sets a condition in the place of the one of its type; one that says the same already stays as it is.
fn replace_condition(status: &mut Value, condition: Value) {
    let conditions = status["conditions"].as_array_mut();
    let mut conditions = conditions.into_iter().flatten();
    match conditions.find(|one| one["type"] == condition["type"]) {
        Some(found) if found["status"] == condition["status"] => {}
        Some(found) => *found = condition,
        None => push_condition(status, condition),
    }
}
