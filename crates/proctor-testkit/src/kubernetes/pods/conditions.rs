//! The conditions of a Pod: setting one in its place, and the order in which a kubelet lists them.

use serde_json::{Value, json};

/// A condition of a Pod, but for its times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition<'a> {
    pub(crate) word: &'a str,
    pub(crate) holds: bool,
    pub(crate) reason: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

impl<'a> Condition<'a> {
    pub(crate) fn new(word: &'a str, holds: bool, reason: Option<&'a str>) -> Self {
        Self {
            word,
            holds,
            reason,
            message: None,
        }
    }
}

/// Sets a condition; its time changes only with its status.
pub(crate) fn set_condition(pod: &mut Value, now: &str, wanted: &Condition<'_>) {
    let holds = if wanted.holds { "True" } else { "False" };
    let mut condition = json!({
        "type": wanted.word,
        "status": holds,
        "lastProbeTime": null,
        "lastTransitionTime": now,
    });
    for (field, text) in [("reason", wanted.reason), ("message", wanted.message)] {
        if let Some(text) = text {
            condition[field] = text.into();
        }
    }
    if !pod["status"]["conditions"].is_array() {
        pod["status"]["conditions"] = json!([]);
    }
    let conditions = pod["status"]["conditions"].as_array_mut();
    let conditions = conditions.expect("it is a list by now");
    match conditions.iter_mut().find(|one| one["type"] == wanted.word) {
        Some(found) => {
            if found["status"] == holds {
                condition["lastTransitionTime"] = found["lastTransitionTime"].clone();
            }
            *found = condition;
        }
        None => conditions.push(condition),
    }
}

/// The kubelet lists what others say of a disruption first and the scheduler's condition last.
pub(super) fn order_conditions(pod: &mut Value) {
    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
        conditions.sort_by_key(|condition| match condition["type"].as_str() {
            Some("DisruptionTarget") => 0,
            Some("PodScheduled") => 2,
            _ => 1,
        });
    }
}
