//! What a Pod's status looks like at each stage of its life, as a real kubelet was recorded to write it. Running
//! anything is the kubelet's.

use serde_json::{Value, json};

use super::state::{Key, State};

mod conditions;

use conditions::order_conditions;
pub(crate) use conditions::{Condition, set_condition};

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
