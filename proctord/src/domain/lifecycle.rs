//! The life of an execution: its states with what is known in each, and the one function that leads from
//! one to the next. Every store applies it; nobody else changes a state.

mod late;

use jiff::Timestamp;
use proctor_api::Status;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use late::LateOutcome;

/// Where an execution stands, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Received,
    RequirementNotMet {
        reason: String,
    },
    Queued,
    Created,
    CreationFailed {
        reason: String,
    },
    Running {
        started_at: Timestamp,
    },
    Succeeded(Ending),
    Failed(Ending),
    TimedOut(Ending),
    Stopped(Ending),
    Lost(Ending),
    /// It ran in version 2 and is over, whatever its status says.
    Legacy(Legacy),
}

/// What version 2 knew of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// The id that it had there.
    pub v2_id: u64,
    /// Where it stood when it was imported.
    pub status: Status,
    /// In words, what of it has no place here; `None` where everything has.
    pub reason: Option<String>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// What is known of an execution that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub exit: Option<Exit>,
    /// In words; `None` where the exit says it all.
    pub reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Timestamp,
}

/// What ended a run, as its runner tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The process ended by itself, or somebody outside Proctor ended it.
    Exited,
    /// Its deadline had it ended.
    Deadline,
    /// The runner was told to stop it.
    Stopped,
    /// It never was a process, though the runner tried.
    CannotStart,
    /// It waited for what never came, and was given up before it ran.
    NeverStarted,
    /// It is proven gone, and nobody knows how it ended.
    Gone,
}

/// A run's end, as its runner tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub cause: Cause,
    pub ending: Ending,
}

/// What can happen to an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The runner has it.
    Create,
    /// It was let run before, in a life that the store has forgotten.
    Find,
    /// The runner refuses it, or it could not be launched in time.
    FailCreation { reason: String },
    /// The container or process runs.
    Run { started_at: Timestamp },
    /// It ended.
    End(End),
    /// It was stopped before the runner let it run.
    Withdraw { at: Timestamp },
    /// Somebody gives it up: it is not waited for any longer.
    GiveUp {
        by: String,
        at: Timestamp,
        /// In words, that nobody confirms its end, if that is known.
        unconfirmed: Option<String>,
    },
    /// Nobody has heard of its host any more, for longer than anybody waits.
    LoseHost {
        host: String,
        silent_since: Timestamp,
        at: Timestamp,
    },
}

/// Somebody's wish that an execution end, stored before anything is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopIntent {
    pub by: String,
    pub at: Timestamp,
    /// Seconds between TERM and KILL; the runner's default if absent.
    pub grace_seconds: Option<u32>,
}

/// What an absent grace counts as where two are compared; what a runner takes if none is told.
const USUAL_GRACE_SECONDS: u32 = 10;

impl StopIntent {
    /// As a reason says it.
    fn in_words(&self) -> String {
        if self.by.is_empty() {
            "stopped".to_owned()
        } else {
            format!("stopped by {}", self.by)
        }
    }

    /// As the reason of one that was given up says it.
    fn in_vain(&self) -> String {
        format!(
            "{} at {}, and its end was not seen",
            self.in_words(),
            self.at
        )
    }

    /// The wish that stands after somebody wished again: the first one, with the shorter grace of both.
    #[must_use]
    pub fn repeated(mut self, again: &Self) -> Self {
        let seconds = |grace: Option<u32>| grace.unwrap_or(USUAL_GRACE_SECONDS);
        if seconds(again.grace_seconds) < seconds(self.grace_seconds) {
            self.grace_seconds = again.grace_seconds;
        }
        self
    }
}

/// The event cannot happen in that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an execution that is {from} cannot {event}")]
pub struct Forbidden {
    pub from: Status,
    pub event: &'static str,
}

impl State {
    /// The state's name on the wire and in the store.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Received => Status::Received,
            Self::RequirementNotMet { .. } => Status::RequirementNotMet,
            Self::Queued => Status::Queued,
            Self::Created => Status::Created,
            Self::CreationFailed { .. } => Status::CreationFailed,
            Self::Running { .. } => Status::Running,
            Self::Succeeded(_) => Status::Succeeded,
            Self::Failed(_) => Status::Failed,
            Self::TimedOut(_) => Status::TimedOut,
            Self::Stopped(_) => Status::Stopped,
            Self::Lost(_) => Status::Lost,
            Self::Legacy(legacy) => legacy.status,
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.legacy().is_some() || self.status().is_terminal()
    }

    /// What version 2 knew, if that is where it ran.
    #[must_use]
    pub fn legacy(&self) -> Option<&Legacy> {
        match self {
            Self::Legacy(legacy) => Some(legacy),
            _ => None,
        }
    }

    /// What is known of the end, if the execution ran and ended.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Succeeded(ending)
            | Self::Failed(ending)
            | Self::TimedOut(ending)
            | Self::Stopped(ending)
            | Self::Lost(ending) => Some(ending),
            _ => None,
        }
    }

    /// In words, why it stands here.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::RequirementNotMet { reason } | Self::CreationFailed { reason } => Some(reason),
            Self::Legacy(legacy) => legacy.reason.as_deref(),
            _ => self.ending()?.reason.as_deref(),
        }
    }

    /// When the process began to run, as far as that is known.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        match self {
            Self::Running { started_at } => Some(*started_at),
            _ => self.ending()?.started_at,
        }
    }

    /// The state after an event. `stop` is the stop intent that is stored with the execution, if one is:
    /// an end that follows it is a stop, whatever the exit was.
    ///
    /// # Errors
    /// The event cannot happen in this state; in particular, the first outcome stands.
    pub fn transition(self, event: Event, stop: Option<&StopIntent>) -> Result<Self, Forbidden> {
        let forbidden = Forbidden {
            from: self.status(),
            event: event.verb(),
        };
        match (self, event) {
            (Self::Received | Self::Queued, Event::Create) => Ok(Self::Created),
            (Self::Received | Self::Queued | Self::Created, Event::Find) => Ok(Self::Created),
            (Self::Received | Self::Queued | Self::Created, Event::FailCreation { reason }) => {
                Ok(Self::CreationFailed { reason })
            }
            (Self::Created, Event::Run { started_at }) => Ok(Self::Running { started_at }),
            (Self::Created, Event::End(end)) => Ok(match (end.cause, stop) {
                (Cause::NeverStarted, None) => Self::CreationFailed {
                    reason: end.ending.reason.unwrap_or_default(),
                },
                _ => outcome(end, None, stop),
            }),
            (Self::Running { started_at }, Event::End(end)) => {
                Ok(outcome(end, Some(started_at), stop))
            }
            (Self::Received | Self::Queued | Self::Created, Event::Withdraw { at }) => {
                let stop = stop.ok_or(forbidden)?;
                Ok(Self::Stopped(Ending {
                    exit: None,
                    reason: Some(format!("{} before it began", stop.in_words())),
                    started_at: None,
                    finished_at: at,
                }))
            }
            (
                live @ (Self::Received | Self::Queued | Self::Created | Self::Running { .. }),
                Event::GiveUp {
                    by,
                    at,
                    unconfirmed,
                },
            ) => {
                let why = unconfirmed.or_else(|| stop.map(StopIntent::in_vain));
                Ok(Self::Lost(Ending {
                    exit: None,
                    reason: Some(given_up(&by, &why.ok_or(forbidden)?)),
                    started_at: live.started_at(),
                    finished_at: at,
                }))
            }
            (
                live @ (Self::Received | Self::Queued | Self::Created | Self::Running { .. }),
                Event::LoseHost {
                    host,
                    silent_since,
                    at,
                },
            ) => Ok(Self::Lost(Ending {
                exit: None,
                reason: Some(format!(
                    "its host {host} has been silent since {silent_since}"
                )),
                started_at: live.started_at(),
                finished_at: at,
            })),
            _ => Err(forbidden),
        }
    }
}

fn outcome(end: End, seen_running: Option<Timestamp>, stop: Option<&StopIntent>) -> State {
    let End { cause, mut ending } = end;
    ending.started_at = ending.started_at.or(seen_running);
    if let Some(stop) = stop {
        if !stop.by.is_empty() {
            ending.reason.get_or_insert_with(|| stop.in_words());
        }
        return State::Stopped(ending);
    }
    match cause {
        Cause::Exited if ending.exit == Some(Exit::Code(0)) => State::Succeeded(ending),
        Cause::Exited | Cause::CannotStart | Cause::NeverStarted => State::Failed(ending),
        Cause::Stopped => {
            ending
                .reason
                .get_or_insert_with(|| "stopped from outside Proctor".into());
            State::Failed(ending)
        }
        Cause::Deadline => State::TimedOut(ending),
        Cause::Gone => State::Lost(ending),
    }
}

fn given_up(by: &str, why: &str) -> String {
    if by.is_empty() {
        format!("given up; {why}")
    } else {
        format!("given up by {by}; {why}")
    }
}

impl Event {
    /// Whether it leads to a start, which is what a hold keeps from happening.
    #[must_use]
    pub fn leads_to_start(&self) -> bool {
        matches!(self, Self::Create)
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::Create => "become created",
            Self::Find => "be found",
            Self::FailCreation { .. } => "fail to be created",
            Self::Run { .. } => "begin to run",
            Self::End(_) => "end",
            Self::Withdraw { .. } => "be withdrawn",
            Self::GiveUp { .. } => "be given up",
            Self::LoseHost { .. } => "be lost with its host",
        }
    }
}

#[cfg(test)]
mod tests;
