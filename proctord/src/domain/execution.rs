//! The record of an execution: what a launch needs except secret values, and where it stands.

mod mail;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use proctor_api::{KubernetesMetadata, Metadata, Resources, Status};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::args::Args;
use super::id::ExecutionId;
use super::lifecycle::{Event, Exit, LateOutcome, State, StopIntent};
use super::name::{ExecutionName, ProcName, VariableName};

pub use mail::{MailOrder, NotifyOn};

/// Which kind of runner carries an execution out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunnerKind {
    Kubernetes,
    Local,
    Agent,
}

/// The text names no runner.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no runner; there are kubernetes, local and agent")]
pub struct UnknownRunner(String);

impl RunnerKind {
    /// The name in configuration, in the store and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Local => "local",
            Self::Agent => "agent",
        }
    }
}

impl FromStr for RunnerKind {
    type Err = UnknownRunner;

    fn from_str(text: &str) -> Result<Self, UnknownRunner> {
        [Self::Kubernetes, Self::Local, Self::Agent]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownRunner(text.to_owned()))
    }
}

/// What is to run, as it was when the execution was accepted: a relaunch never reads newer metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub image: String,
    pub command: Option<Vec<String>>,
    pub bundle: Option<String>,
    pub args: Args,
    pub secret_names: Vec<VariableName>,
    pub groups: Vec<String>,
    pub deadline_seconds: Option<u32>,
    #[serde(default)]
    pub retries: u32,
    pub resources: Option<Resources>,
    pub max_concurrent: Option<u32>,
    /// How its Pods are to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesMetadata>,
    /// Who is told by mail how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailOrder>,
}

/// What a proc gets that says nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defaults {
    pub deadline_seconds: Option<u32>,
    pub retries: u32,
}

impl Plan {
    /// The plan of an execution of this proc with these args.
    #[must_use]
    pub fn of(metadata: &Metadata, args: Args, defaults: Defaults) -> Self {
        let secret_names = metadata
            .env_vars
            .secrets
            .iter()
            .filter_map(|secret| secret.name.parse().ok())
            .collect();
        Self {
            image: metadata.image_name.clone(),
            command: metadata.command.clone(),
            bundle: metadata.bundle.clone(),
            args,
            secret_names,
            groups: metadata.authorized_groups.clone(),
            deadline_seconds: metadata.deadline_seconds.or(defaults.deadline_seconds),
            retries: metadata.retries.unwrap_or(defaults.retries),
            resources: metadata.resources.clone(),
            max_concurrent: metadata.max_concurrent,
            kubernetes: metadata.kubernetes.clone(),
            mail: None,
        }
    }
}

/// Number that grows each time an execution changes its owner; a write with an older one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

/// One run of a proc as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    pub id: ExecutionId,
    pub name: ExecutionName,
    pub proc_name: ProcName,
    pub user: String,
    pub plan: Plan,
    pub runner: RunnerKind,
    /// The host that a local execution belongs to.
    pub host: Option<String>,
    pub state: State,
    pub stop: Option<StopIntent>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Not launched by then, it fails; a queued one is exempt.
    pub start_before: Timestamp,
    pub callback_url: Option<String>,
    /// The replica that acts for it.
    pub owner: String,
    pub fence: Fence,
    /// What the runner calls the thing that runs: a Job's uid on Kubernetes.
    pub handle: Option<String>,
    /// Whether its log may still grow.
    pub log_open: bool,
    /// In its runner's words, what it waits for while it is live.
    pub waiting: Option<String>,
    /// How it ended after all, if it was LOST before that was seen.
    pub late_outcome: Option<LateOutcome>,
    /// Whether it is not to be started until somebody says so: the store was put back to a backup since.
    pub held: bool,
}

/// What an execution that is held waits for.
const HELD: &str = "held: after a restore it is not started until `proctord recover` lets it go on";

/// What a runner's words say of an execution whose end nobody confirms, behind whom it waits for.
pub const UNCONFIRMED: &str = "has not confirmed the end since";

/// One step in an execution's life, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub status: Status,
    pub at: Timestamp,
    pub reason: Option<String>,
}

impl Execution {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }

    /// Whether somebody gave it up. An end that is seen after a wish to stop is STOPPED, so that only a person's word
    /// leaves one LOST that was to be stopped.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        matches!(self.state, State::Lost(_)) && self.stop.is_some()
    }

    /// What happens to it when somebody gives it up.
    #[must_use]
    pub fn giving_up(&self, wish: &StopIntent) -> Event {
        let waiting = self.waiting.as_ref();
        Event::GiveUp {
            by: wish.by.clone(),
            at: wish.at,
            unconfirmed: waiting.filter(|text| text.contains(UNCONFIRMED)).cloned(),
        }
    }

    /// The id that it had in version 2, if it was imported from there.
    #[must_use]
    pub fn v2_id(&self) -> Option<u64> {
        self.state.legacy().map(|legacy| legacy.v2_id)
    }

    /// What it waits for, by its runner or by a hold.
    fn waiting(&self) -> Option<String> {
        if self.held {
            return Some(HELD.to_owned());
        }
        self.waiting.clone()
    }

    /// The execution as it appears on the wire, without its steps.
    #[must_use]
    pub fn to_api(&self) -> proctor_api::Execution {
        let ending = self.state.ending();
        let exit = ending.and_then(|ending| ending.exit);
        proctor_api::Execution {
            id: self.id.into(),
            job_name: self.proc_name.to_string(),
            name: self.name.to_string(),
            image_tag: self.plan.image.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            status: self.status(),
            user_email: self.user.clone(),
            args: self
                .plan
                .args
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
            runner: Some(self.runner.as_str().to_owned()),
            exit_code: exit.and_then(Exit::code),
            signal: exit.and_then(Exit::signal),
            reason: self.state.reason().map(ToOwned::to_owned),
            waiting: self.waiting(),
            started_at: self.state.started_at(),
            finished_at: ending.map(|ending| ending.finished_at),
            stop_requested: self.stop.as_ref().map(|stop| proctor_api::StopRequested {
                by: stop.by.clone(),
                at: stop.at,
            }),
            late_outcome: self.late_outcome.as_ref().map(LateOutcome::to_api),
            callback_url: self.callback_url.clone(),
            v2_id: self.v2_id().map(|id| id.to_string()),
            queue: None,
            transitions: Vec::new(),
        }
    }
}

impl LateOutcome {
    /// As it appears on the wire.
    fn to_api(&self) -> proctor_api::LateOutcome {
        proctor_api::LateOutcome {
            status: self.status,
            exit_code: self.exit.and_then(Exit::code),
            signal: self.exit.and_then(Exit::signal),
            reason: self.reason.clone(),
            at: self.at,
        }
    }
}

impl Exit {
    /// The exit code, if it exited.
    #[must_use]
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(_) => None,
        }
    }

    /// The signal, if one ended it.
    #[must_use]
    pub fn signal(self) -> Option<i32> {
        match self {
            Self::Signal(signal) => Some(signal),
            Self::Code(_) => None,
        }
    }
}

impl fmt::Display for RunnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
