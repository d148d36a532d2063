//! What a Pod's status looks like at each stage of its life, as a real kubelet was recorded to write it, and the
//! scheduler that binds a Pod to the latest node if it fits there. Running anything is the kubelet's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::events;
use super::kind::Kind;
use super::state::{Key, State};

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

    /// The kernel has killed it for the memory that it took.
    pub(crate) fn out_of_memory() -> Self {
        Self {
            reason: "OOMKilled",
            ..Self::exited(137)
        }
    }

    /// The machine was started anew: nobody saw how it ended.
    pub(crate) fn unknown() -> Self {
        Self {
            reason: "Unknown",
            ..Self::exited(255)
        }
    }
}

/// Binds those of these objects that are Pods without a node, or says why they get none.
pub(crate) fn schedule(state: &mut State, touched: &BTreeSet<Key>) {
    let pods = touched.iter().filter(|key| key.kind == Kind::Pod);
    let unbound: Vec<_> = pods
        .filter_map(|key| Some((key, state.get(key)?)))
        .filter(|(_, pod)| pod["spec"]["nodeName"].is_null())
        .filter(|(_, pod)| pod["metadata"]["deletionTimestamp"].is_null())
        .map(|(key, pod)| (key.clone(), state.nodes.refusal(pod)))
        .collect();
    for (key, refusal) in unbound {
        match refusal {
            None => bind(state, &key),
            Some(why) => leave_pending(state, &key, &why),
        }
    }
}

fn bind(state: &mut State, key: &Key) {
    let (node, now) = (state.nodes.latest(), state.now());
    state.modify(key, |pod| {
        pod["spec"]["nodeName"] = node.as_str().into();
        set_condition(pod, &now, &Condition::new("PodScheduled", true, None));
    });
    let message = format!(
        "Successfully assigned {}/{} to {node}",
        key.namespace, key.name
    );
    events::tell(state, key, "Normal", "Scheduled", &message);
}

fn leave_pending(state: &mut State, key: &Key, why: &str) {
    let (before, now) = (state.revision(), state.now());
    state.modify(key, |pod| {
        let mut unscheduled = Condition::new("PodScheduled", false, Some("Unschedulable"));
        unscheduled.message = Some(why);
        set_condition(pod, &now, &unscheduled);
    });
    if state.revision() != before {
        events::tell(state, key, "Warning", "FailedScheduling", why);
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
        let containers = format!(
            "containers with unready status: [{}]",
            pod["spec"]["containers"][0]["name"]
                .as_str()
                .unwrap_or_default()
        );
        let completed = ended.is_some_and(|ending| ending.exit_code == 0);
        let completed = completed.then_some("PodCompleted");
        for (word, holds, reason) in [
            ("PodReadyToStartContainers", sandboxed, None),
            ("Initialized", true, completed),
            ("Ready", unready.is_none(), unready),
            ("ContainersReady", unready.is_none(), unready),
        ] {
            let mut condition = Condition::new(word, holds, reason);
            condition.message =
                (reason == Some("ContainersNotReady")).then_some(containers.as_str());
            set_condition(pod, &now, &condition);
        }
        order_conditions(pod);
        let generation = pod["metadata"]["generation"].clone();
        let status = &mut pod["status"];
        status["observedGeneration"] = generation;
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

/// Shows that the kubelet has seen what was done to a Pod, its deletion for one.
pub(crate) fn acknowledge(state: &mut State, key: &Key) {
    state.modify(key, |pod| {
        pod["status"]["observedGeneration"] = pod["metadata"]["generation"].clone();
        order_conditions(pod);
    });
}

/// A condition of a Pod, but for its times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Condition<'a> {
    pub(crate) word: &'a str,
    pub(crate) holds: bool,
    pub(crate) reason: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

impl<'a> Condition<'a> {
    fn new(word: &'a str, holds: bool, reason: Option<&'a str>) -> Self {
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
fn order_conditions(pod: &mut Value) {
    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
        conditions.sort_by_key(|condition| match condition["type"].as_str() {
            Some("DisruptionTarget") => 0,
            Some("PodScheduled") => 2,
            _ => 1,
        });
    }
}
