//! What is known of an execution on the cluster: its Job and its Pods, reduced to what an outcome, a waiting reason
//! or a log needs. Plain data; it is filled from the watches and judged elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

/// An execution as the watches have shown it so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub sight: Sight,
    /// Whether the cluster itself was asked after all else here had been seen: what is not here is not there. A watch
    /// alone cannot prove that; its connection may be dead, and what has lost its labels it does not show.
    pub confirmed: bool,
    /// Uids of what was here and is shown by no watch any more, or was found only by asking. Unless it is confirmed,
    /// it may be gone.
    pub astray: BTreeSet<String>,
    pub job: Option<JobSeen>,
    /// The Job that was deleted while it was watched, as it was seen last.
    pub departed_job: Option<JobSeen>,
    /// By uid. A Pod that is gone is left out; what was known of it at its end is in `departed`. Shared, because a map
    /// has room for several of what it holds, and most executions have one Pod.
    pub pods: BTreeMap<String, Arc<PodSeen>>,
    /// Pods that were deleted while they were watched, as they were seen last.
    pub departed: BTreeMap<String, Arc<PodSeen>>,
    /// Uids of those of them whose deletion itself was shown: they ended as they were seen last. The others may have
    /// done more than was seen.
    pub told_gone: BTreeSet<String>,
    /// Pods may have come and gone unseen: all were listed anew since it became known.
    pub interrupted: bool,
}

/// Whether the watches tell what happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sight {
    /// Not all that there is has been told since they were opened.
    #[default]
    Listing,
    Current,
    /// One of them fails; what was seen before may be long past.
    Failing {
        /// What it watches.
        what: &'static str,
        since: Timestamp,
    },
}

/// A Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSeen {
    pub uid: String,
    /// As which the cluster stores it; another one after each change.
    pub revision: String,
    /// Grows with each change of the spec: 1 while nobody has touched it.
    pub generation: i64,
    pub suspended: bool,
    /// How many Pods it may have at once; somebody who sets 0 holds it up.
    pub parallelism: i32,
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
