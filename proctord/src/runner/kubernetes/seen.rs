//! What is known of an execution on the cluster: its Job and its Pods, reduced to what an outcome, a waiting reason
//! or a log needs. Plain data; it is filled from the watches and judged elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

/// An execution as the watches have shown it so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether Jobs and Pods have been listed since the watches were opened: only then is absence a fact.
    pub listed: bool,
    pub job: Option<JobSeen>,
    /// The Job that was deleted while it was watched, as it was seen last.
    pub departed_job: Option<JobSeen>,
    /// By uid. A Pod that is gone is left out; what was known of it at its end is in `departed`. Shared, because a map
    /// has room for several of what it holds, and most executions have one Pod.
    pub pods: BTreeMap<String, Arc<PodSeen>>,
    /// Pods that were deleted while they were watched, as they were seen last.
    pub departed: BTreeMap<String, Arc<PodSeen>>,
}

/// A Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSeen {
    pub uid: String,
    /// Grows with each change of the spec: 1 while nobody has touched it.
    pub generation: i64,
    pub suspended: bool,
    /// Somebody has asked for its deletion.
    pub deleting: bool,
    /// Retries that are allowed after the first attempt.
    pub retries: i32,
    pub active: i32,
    /// Pods that were asked to end and have not.
    pub terminating: i32,
    pub failed: i32,
    pub succeeded: i32,
    pub started_at: Option<Timestamp>,
    /// Those that are true.
    pub conditions: Vec<ConditionSeen>,
    /// Those of Proctor.
    pub annotations: BTreeMap<String, String>,
}

/// A condition that is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionSeen {
    pub kind: String,
    pub reason: String,
    pub message: String,
    pub since: Option<Timestamp>,
}

/// A Pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSeen {
    pub uid: String,
    pub name: String,
    /// The Job that owns it.
    pub job_uid: String,
    pub created_at: Timestamp,
    pub node: Option<String>,
    pub phase: Phase,
    /// In words, as Kubernetes has them: why the Pod as a whole stands where it stands (`Evicted`, `NodeLost`).
    pub reason: Option<String>,
    pub message: Option<String>,
    /// When it is to be gone: deletion was asked for, and this is the end of its grace.
    pub deletion: Option<Timestamp>,
    /// Of those that say something about the execution: `DisruptionTarget` where it is true, `PodScheduled` where it
    /// is false.
    pub conditions: Vec<ConditionSeen>,
    /// The container that we named.
    pub container: ContainerSeen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerSeen {
    /// The node has not told anything of it.
    Untold,
    Waiting {
        reason: String,
        message: String,
    },
    Running {
        started_at: Timestamp,
    },
    Terminated {
        exit_code: i32,
        signal: Option<i32>,
        reason: String,
        message: String,
        started_at: Option<Timestamp>,
        finished_at: Option<Timestamp>,
    },
}
