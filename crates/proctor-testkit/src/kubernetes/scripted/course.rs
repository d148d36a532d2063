//! What a test can have the containers of Pods do: a script gives each Pod its course. Nothing is done here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::gate::Gate;

/// A Pod that is about to start.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedPod<'a> {
    /// As it is stored; its labels, annotations and image are those of the Job's template.
    pub object: &'a Value,
    /// How many Pods the same Job had before it.
    pub retry: usize,
}

/// Gives every Pod its course.
#[derive(Clone)]
pub struct Script(Arc<dyn Fn(ScriptedPod<'_>) -> Course + Send + Sync>);

impl Script {
    pub fn new(course: impl Fn(ScriptedPod<'_>) -> Course + Send + Sync + 'static) -> Self {
        Self(Arc::new(course))
    }

    pub(super) fn course(&self, pod: ScriptedPod<'_>) -> Course {
        (self.0)(pod)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

/// What a container does, step by step, and how it ends.
#[derive(Debug, Clone)]
pub struct Course {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
    pub(super) termination: Termination,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Pull(Duration),
    Wait {
        reason: &'static str,
        message: String,
        time: Duration,
    },
    Run(Duration),
    RunUntil(Gate),
    Print(Output),
}

#[derive(Clone)]
pub(super) enum Output {
    Bytes(Bytes),
    Generated(Arc<dyn Fn() -> Box<dyn Iterator<Item = Bytes>> + Send + Sync>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(bytes).finish(),
            Self::Generated(_) => f.debug_tuple("Generated").finish_non_exhaustive(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Exit(i32),
    OutOfMemory,
    Evicted,
    Never,
}

/// What it does when it is asked to end.
#[derive(Debug, Clone)]
pub(super) struct Termination {
    /// None if it does not listen.
    pub(super) after: Option<Duration>,
    pub(super) last_words: Bytes,
    pub(super) exit_code: i32,
}

impl Course {
    /// It exits with a code after its last step.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        Self::ends(End::Exit(code))
    }

    /// After its last step the kernel kills it for its memory.
    #[must_use]
    pub fn runs_out_of_memory() -> Self {
        Self::ends(End::OutOfMemory)
    }

    /// After its last step its Pod is evicted.
    #[must_use]
    pub fn is_evicted() -> Self {
        Self::ends(End::Evicted)
    }

    /// After its last step it stays as it is, until it is asked to end.
    #[must_use]
    pub fn never_ends() -> Self {
        Self::ends(End::Never)
    }

    /// The image is pulled for this time.
    #[must_use]
    pub fn pulls(self, time: Duration) -> Self {
        self.then(Step::Pull(time))
    }

    /// It waits for this time, for the reason that its status gives.
    #[must_use]
    pub fn waits(self, reason: &'static str, message: &str, time: Duration) -> Self {
        let message = message.to_owned();
        self.then(Step::Wait {
            reason,
            message,
            time,
        })
    }

    /// It runs for this time.
    #[must_use]
    pub fn runs(self, time: Duration) -> Self {
        self.then(Step::Run(time))
    }

    /// It runs until the gate is open.
    #[must_use]
    pub fn runs_until(self, gate: &Gate) -> Self {
        self.then(Step::RunUntil(gate.clone()))
    }

    /// It prints this at once.
    #[must_use]
    pub fn prints(self, output: impl Into<Bytes>) -> Self {
        self.then(Step::Print(Output::Bytes(output.into())))
    }

    /// It prints at once what is made piece by piece when the time has come.
    #[must_use]
    pub fn prints_all<I>(self, output: impl Fn() -> I + Send + Sync + 'static) -> Self
    where
        I: Iterator<Item = Bytes> + 'static,
    {
        let output = move || Box::new(output()) as Box<dyn Iterator<Item = Bytes>>;
        self.then(Step::Print(Output::Generated(Arc::new(output))))
    }

    /// Asked to end, it prints something and exits with a code after this time; without a word of this, SIGTERM kills
    /// it at once.
    #[must_use]
    pub fn on_term(
        mut self,
        after: Duration,
        last_words: impl Into<Bytes>,
        exit_code: i32,
    ) -> Self {
        self.termination = Termination {
            after: Some(after),
            last_words: last_words.into(),
            exit_code,
        };
        self
    }

    /// Asked to end, it goes on until it is killed.
    #[must_use]
    pub fn ignores_term(mut self) -> Self {
        self.termination.after = None;
        self
    }

    fn ends(end: End) -> Self {
        Self {
            steps: Vec::new(),
            end,
            termination: Termination {
                after: Some(Duration::ZERO),
                last_words: Bytes::new(),
                exit_code: 143,
            },
        }
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
