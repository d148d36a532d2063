//! Executions on the wire: what asks for one, and what is told about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Status;

/// Body of `POST /execution`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExecutionRequest {
    /// The proc to run.
    #[serde(default)]
    pub name: String,
    /// Values by arg name; `null` means none.
    #[serde(default)]
    pub args: Option<BTreeMap<String, String>>,
    /// Where to tell the outcome, by HTTP POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
}

/// One run of a proc, as every route tells it. The first seven fields are the Go system's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Below 2^53, so that every JSON reader keeps all its digits.
    pub id: u64,
    /// The proc's name.
    pub job_name: String,
    /// The execution's own name, `proctor-<uuid>`.
    pub name: String,
    /// The image of the proc, empty for a proc that has none.
    pub image_tag: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub status: Status,
    /// Who asked for it, as that client named itself.
    #[serde(default)]
    pub user_email: String,
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    /// `kubernetes`, `local` or `agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// The exit code of the proc, if it ended by exiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended the proc, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// In words, why the execution stands where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In words, what it waits for: to begin, or for its end to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_requested: Option<StopRequested>,
    /// How it ended after all, if it was LOST before that was seen. The outcome stays LOST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_outcome: Option<LateOutcome>,
    /// Where the outcome is posted to, if the request asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The id that it had in version 2, if it was imported from there; as text, since it is above 2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v2_id: Option<String>,
    /// Where it stands, if it waits for a slot; only where one execution is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Every status so far with its time; only where one execution is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

impl Execution {
    /// Whether nothing can follow. Version 2 left executions CREATED for ever; one that was imported is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.v2_id.is_some() || self.status.is_terminal()
    }
}

/// Where an execution stands that waits for a slot: among those of its own proc, or, if the installation's limit is
/// what holds it back, among all that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// 1 for the one whose turn is next.
    pub position: u64,
    /// How many wait, this one included.
    pub length: u64,
    /// The limit that it waits for; absent if its turn has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<QueueLimit>,
}

/// A limit to how many executions run at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueLimit {
    pub of: LimitOf,
    pub max_concurrent: u32,
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitOf {
    /// `max_concurrent` of the proc.
    Proc,
    /// `PROCTOR_MAX_CONCURRENT` of proctord.
    Installation,
}

/// One step in the life of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub status: Status,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who asked for a stop, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequested {
    pub by: String,
    pub at: Timestamp,
}

/// An end that was seen only after the execution was LOST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateOutcome {
    /// What it would have become, had its end been seen in time.
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// In words, why it ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended.
    pub at: Timestamp,
}

/// Body of `POST /execution/{id}/stop`; an empty body means the defaults.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// Seconds between TERM and KILL; the service's default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
    /// Gives up what does not end after a stop: it is LOST on this word. For admins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

/// Answer of `GET /execution`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExecutionPage {
    pub executions: Vec<Execution>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
