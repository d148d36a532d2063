//! What is seen of a Pod: its own standing and that of the container that Proctor named. Other containers, which a
//! cluster may add, say nothing about the execution.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::super::seen::{ContainerSeen, Phase, PodSeen};
use super::object::{Condition, Metadata, Unreadable, part};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodSpec {
    node_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Debug, Deserialize)]
struct ContainerStatus {
    name: String,
    #[serde(default)]
    state: ContainerState,
}

/// As Kubernetes writes it: one of the three.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Waiting>,
    running: Option<Running>,
    terminated: Option<Terminated>,
}

#[derive(Debug, Deserialize)]
struct Waiting {
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    started_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terminated {
    exit_code: i32,
    signal: Option<i32>,
    reason: Option<String>,
    message: Option<String>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// The Pod of the Job `name`, whose container has that name as well.
pub(super) fn read(
    metadata: &Metadata,
    name: &str,
    job_uid: String,
    mut object: Value,
) -> Result<PodSeen, Unreadable> {
    let spec: PodSpec = part(object["spec"].take())?;
    let status: PodStatus = part(object["status"].take())?;
    let conditions = status.conditions.unwrap_or_default().into_iter();
    let mut containers = status.container_statuses.unwrap_or_default().into_iter();
    let container = containers.find(|container| container.name == name);
    Ok(PodSeen {
        uid: metadata.uid.clone(),
        name: metadata.name.clone(),
        job_uid,
        created_at: metadata.created_at(),
        node: spec.node_name,
        phase: phase(status.phase.as_deref()),
        reason: status.reason,
        message: status.message,
        deletion: metadata.deletion(),
        conditions: conditions.filter(matters).map(Condition::seen).collect(),
        container: container.map_or(ContainerSeen::Untold, |container| container.state.seen()),
    })
}

/// A node tells half a dozen conditions in every change; these say something about the execution.
fn matters(condition: &Condition) -> bool {
    match condition.kind.as_str() {
        "DisruptionTarget" => condition.status == "True",
        "PodScheduled" => condition.status == "False",
        _ => false,
    }
}

fn phase(phase: Option<&str>) -> Phase {
    match phase {
        None | Some("Pending") => Phase::Pending,
        Some("Running") => Phase::Running,
        Some("Succeeded") => Phase::Succeeded,
        Some("Failed") => Phase::Failed,
        Some(_) => Phase::Unknown,
    }
}

impl ContainerState {
    fn seen(self) -> ContainerSeen {
        if let Some(terminated) = self.terminated {
            return terminated.seen();
        }
        if let Some(running) = self.running {
            let started_at = running.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
            return ContainerSeen::Running { started_at };
        }
        self.waiting
            .map_or(ContainerSeen::Untold, |waiting| ContainerSeen::Waiting {
                reason: waiting.reason.unwrap_or_default(),
                message: waiting.message.unwrap_or_default(),
            })
    }
}

impl Terminated {
    fn seen(self) -> ContainerSeen {
        ContainerSeen::Terminated {
            exit_code: self.exit_code,
            signal: self.signal,
            reason: self.reason.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }
}
