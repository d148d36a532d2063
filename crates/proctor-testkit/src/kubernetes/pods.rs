//! What a Pod's status looks like at each stage of its life, as a real kubelet was recorded to write it, and the
//! scheduler that binds every Pod to the one node. Running anything is the kubelet's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::events;
use super::kind::Kind;
use super::state::{Key, State};

pub(crate) const NODE: &str = "node1";

/// Where a Pod's only container is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Creating,
    /// The sandbox stands, the container does not yet.
    Sandboxed,
    Waiting {
        reason: &'static str,
        message: String,
    },
    Running,
    /// The container has ended, the Pod has not been told so yet.
    Ended(Ending),
    Over(Ending),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) exit_code: i32,
    pub(crate) reason: &'static str,
    pub(crate) message: Option<String>,
}

impl Ending {
    pub(crate) fn exited(exit_code: i32) -> Self {
        Self {
            exit_code,
            reason: if exit_code == 0 { "Completed" } else { "Error" },
            message: None,
        }
    }
}

/// Binds those of these objects that are Pods without a node.
pub(crate) fn schedule(state: &mut State, touched: &BTreeSet<Key>) {
    let pods = touched.iter().filter(|key| key.kind == Kind::Pod);
    let unbound: Vec<_> = pods
        .filter_map(|key| Some((key, state.get(key)?)))
        .filter(|(_, pod)| pod["spec"]["nodeName"].is_null())
        .filter(|(_, pod)| pod["metadata"]["deletionTimestamp"].is_null())
        .map(|(key, _)| key.clone())
        .collect();
    let now = state.now();
    for key in unbound {
        state.modify(&key, |pod| {
            pod["spec"]["nodeName"] = NODE.into();
            set_condition(pod, &now, "PodScheduled", true, None);
        });
        let message = format!(
            "Successfully assigned {}/{} to {NODE}",
            key.namespace, key.name
        );
        events::tell(state, &key, "Normal", "Scheduled", &message);
    }
}

/// Writes the status of a stage into a Pod.
pub(crate) fn write(state: &mut State, key: &Key, stage: &Stage) {
    let now = state.now();
    state.modify(key, |pod| {
        let ended = match stage {
            Stage::Ended(ending) | Stage::Over(ending) => Some(ending),
            _ => None,
        };
        let sandboxed = !matches!(stage, Stage::Creating | Stage::Over(_));
        let unready = match ended {
            None if *stage == Stage::Running => None,
            None => Some("ContainersNotReady"),
            Some(ending) if ending.exit_code == 0 => Some("PodCompleted"),
            Some(_) => Some("PodFailed"),
        };
        set_condition(pod, &now, "PodReadyToStartContainers", sandboxed, None);
        let completed = ended.is_some_and(|ending| ending.exit_code == 0);
        set_condition(
            pod,
            &now,
            "Initialized",
            true,
            completed.then_some("PodCompleted"),
        );
        set_condition(pod, &now, "Ready", unready.is_none(), unready);
        set_condition(pod, &now, "ContainersReady", unready.is_none(), unready);
        order_conditions(pod);
        let status = &mut pod["status"];
        status["phase"] = phase(stage).into();
        if status["startTime"].is_null() {
            status["startTime"] = now.as_str().into();
        }
        let before = status["containerStatuses"][0]["state"].clone();
        let container = &pod["spec"]["containers"][0];
        pod["status"]["containerStatuses"] = json!([{
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "state": container_state(stage, &before, &now),
            "lastState": {},
            "ready": *stage == Stage::Running,
            "started": *stage == Stage::Running,
            "restartCount": 0,
        }]);
    });
}

fn phase(stage: &Stage) -> &'static str {
    match stage {
        Stage::Creating | Stage::Sandboxed | Stage::Waiting { .. } => "Pending",
        Stage::Running | Stage::Ended(_) => "Running",
        Stage::Over(ending) if ending.exit_code == 0 => "Succeeded",
        Stage::Over(_) => "Failed",
    }
}

fn container_state(stage: &Stage, before: &Value, now: &str) -> Value {
    match stage {
        Stage::Creating | Stage::Sandboxed => json!({"waiting": {"reason": "ContainerCreating"}}),
        Stage::Waiting { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
        Stage::Running => json!({"running": {"startedAt": now}}),
        Stage::Over(_) if !before["terminated"].is_null() => before.clone(),
        Stage::Ended(ending) | Stage::Over(ending) => {
            let started = &before["running"]["startedAt"];
            let mut terminated = json!({
                "exitCode": ending.exit_code,
                "reason": ending.reason,
                "startedAt": if started.is_null() { now.into() } else { started.clone() },
                "finishedAt": now,
            });
            if let Some(message) = &ending.message {
                terminated["message"] = message.as_str().into();
            }
            json!({"terminated": terminated})
        }
    }
}

/// Sets a condition; its time changes only with its status.
fn set_condition(pod: &mut Value, now: &str, word: &str, holds: bool, reason: Option<&str>) {
    let holds = if holds { "True" } else { "False" };
    let mut condition = json!({
        "type": word,
        "status": holds,
        "lastProbeTime": null,
        "lastTransitionTime": now,
    });
    if let Some(reason) = reason {
        condition["reason"] = reason.into();
    }
    if !pod["status"]["conditions"].is_array() {
        pod["status"]["conditions"] = json!([]);
    }
    let conditions = pod["status"]["conditions"].as_array_mut();
    let conditions = conditions.expect("it is a list by now");
    match conditions.iter_mut().find(|one| one["type"] == word) {
        Some(found) => {
            if found["status"] == holds {
                condition["lastTransitionTime"] = found["lastTransitionTime"].clone();
            }
            *found = condition;
        }
        None => conditions.push(condition),
    }
}

/// The kubelet lists the scheduler's condition last.
fn order_conditions(pod: &mut Value) {
    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
        conditions.sort_by_key(|condition| condition["type"] == "PodScheduled");
    }
}
