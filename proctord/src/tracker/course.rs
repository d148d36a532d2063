//! The course of one execution: launch, follow, finish, and the late end of what was given up. It ends early only
//! when the execution belongs to somebody else by now.

use std::time::Duration;

use proctor_api::Status;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::trouble::Trouble;
use super::{Parts, Signals, Tracker, persist};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::{End, Event};
use crate::domain::name::ProcName;
use crate::runner::RunEvent;
use crate::store::Queues;
use crate::telemetry::chain;
use proctor_worker::failpoint;

/// Somebody else acts for the execution, or it is gone from the store: nothing more is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abandoned;

/// Why a course ends before its execution does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Abandoned,
    /// It was held and has no slot: it waits for its turn.
    Queued,
}

impl From<Abandoned> for Left {
    fn from(_: Abandoned) -> Self {
        Self::Abandoned
    }
}

pub(super) struct Course {
    pub(super) tracker: Tracker,
    pub(super) execution: Execution,
    pub(super) signals: Signals,
    pub(super) stop: watch::Receiver<Option<Execution>>,
}

impl Course {
    pub(super) fn new(tracker: Tracker, execution: Execution, signals: Signals) -> Self {
        let stop = signals.stop.subscribe();
        Self {
            tracker,
            execution,
            signals,
            stop,
        }
    }

    /// Runs to the end; returns the proc in whose queue it waits from now on, if it does.
    pub(super) async fn run(mut self) -> Option<ProcName> {
        let id = self.execution.id;
        match self.complete().await {
            Ok(()) => None,
            Err(Left::Abandoned) => {
                info!(execution.id = %id, "somebody else acts for the execution now");
                None
            }
            Err(Left::Queued) => Some(self.execution.proc_name),
        }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.tracker.inner.parts
    }

    /// Waits until this replica may change what runs. An execution of this host is nobody else's.
    pub(super) async fn may_act(&self) {
        if self.execution.host.is_none() {
            self.tracker.inner.lease.held().await;
        }
    }

    async fn complete(&mut self) -> Result<(), Left> {
        if self.tracker.is_of_another_host(&self.execution) {
            return Ok(Box::pin(self.lose_with_host()).await?);
        }
        // Boxed, what a launch needs is given back before the long wait for the end.
        let launched = Box::pin(self.launch()).await;
        self.signals.launched.send_replace(true);
        launched?;
        let has_output = self.has_had_a_run() && !self.execution.is_given_up();
        let pump = has_output.then(|| self.pump());
        if !self.execution.is_over() {
            Box::pin(self.follow()).await?;
        }
        failpoint::hit("finish.stored");
        let queue = Queues::Of(&self.execution.proc_name);
        self.tracker.admit(queue).await;
        failpoint::hit("finish.admitted");
        Box::pin(self.finish_log(pump)).await?;
        Ok(Box::pin(self.follow_late()).await?)
    }

    /// Whether the runner may hold output of it.
    fn has_had_a_run(&self) -> bool {
        match self.execution.status() {
            Status::Received
            | Status::Queued
            | Status::RequirementNotMet
            | Status::CreationFailed => false,
            Status::Stopped => self.execution.state.started_at().is_some(),
            _ => true,
        }
    }

    /// Follows a launched execution until its end is stored.
    async fn follow(&mut self) -> Result<(), Abandoned> {
        let mut pause = persist::FIRST_PAUSE;
        while !self.execution.is_over() {
            match self.parts().runner.watch(&self.execution).await {
                Ok(events) => self.follow_events(events).await?,
                Err(error) => {
                    warn!(execution.id = %self.execution.id, error = chain(&error), "the runner is asked again");
                }
            }
            if !self.execution.is_over() {
                // What is heard of a stop meanwhile may be that nothing is to be followed any more.
                let _ = tokio::time::timeout(pause, self.stop.changed()).await;
                self.hear_of_stop();
                pause = (pause * 2).min(persist::LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    async fn follow_events(
        &mut self,
        mut events: tokio::sync::mpsc::Receiver<RunEvent>,
    ) -> Result<(), Abandoned> {
        let mut stop_at = self.execution.stop.is_some().then(Instant::now);
        let mut waits = Waits {
            by_runner: self.execution.waiting.clone(),
            stop: None,
        };
        while !self.execution.is_over() {
            tokio::select! {
                event = events.recv() => match event {
                    Some(RunEvent::Waits { reason }) => {
                        waits.by_runner = reason;
                        self.note_if_new(waits.told()).await?;
                    }
                    Some(RunEvent::Running { started_at }) => self.note_running(started_at).await?,
                    Some(RunEvent::Ended(end)) => return Box::pin(self.note_end(end)).await,
                    None => return Ok(()),
                },
                Ok(()) = self.stop.changed() => {
                    self.hear_of_stop();
                    stop_at = Some(Instant::now());
                }
                () = until(stop_at), if stop_at.is_some() => {
                    let before = waits.stop.take();
                    let stopped = Box::pin(self.try_to_stop(before.as_deref())).await;
                    stop_at = stopped.is_err().then(|| Instant::now() + persist::LONGEST_PAUSE);
                    waits.stop = stopped.err();
                    self.note_if_new(waits.told()).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes over what was stored of a stop. It may be more than a wish: then the execution has been given up.
    pub(super) fn hear_of_stop(&mut self) {
        let Some(stored) = self.stop.borrow_and_update().clone() else {
            return;
        };
        if stored.is_over() && stored.fence == self.execution.fence {
            self.execution = stored;
        } else {
            self.execution.stop = stored.stop;
        }
    }

    async fn note_running(&mut self, started_at: jiff::Timestamp) -> Result<(), Abandoned> {
        if self.execution.status() == Status::Running {
            return Ok(());
        }
        Box::pin(self.persist(Event::Run { started_at }, None)).await
    }

    /// Stores its end, beside the outcome if somebody was faster in giving it up.
    async fn note_end(&mut self, end: End) -> Result<(), Abandoned> {
        self.persist(Event::End(end.clone()), None).await?;
        if self.execution.is_given_up() {
            self.note_late(end).await?;
        }
        Ok(())
    }

    /// Notes what it waits for, if that is not stored already.
    pub(super) async fn note_if_new(&mut self, waits: Option<String>) -> Result<(), Abandoned> {
        if self.execution.waiting == waits {
            return Ok(());
        }
        self.note_waiting(waits).await
    }

    /// Has the runner stop it. What keeps it from that is told to the log unless it was told before.
    ///
    /// # Errors
    /// It is to be tried again; in words for its user, why.
    pub(super) async fn try_to_stop(&mut self, told: Option<&str>) -> Result<(), String> {
        failpoint::hit("stop.stored");
        let asked = self
            .execution
            .stop
            .as_ref()
            .and_then(|stop| stop.grace_seconds);
        let grace = asked.map_or(self.parts().grace, |seconds| {
            Duration::from_secs(seconds.into())
        });
        self.may_act().await;
        match self.parts().runner.stop(&self.execution, grace).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let Trouble { cause, words } = error.into();
                if told != Some(words.as_str()) {
                    warn!(execution.id = %self.execution.id, error = cause, "the stop is tried again");
                }
                Err(words)
            }
        }
    }
}

/// What an execution waits for: what its runner says, unless its stop waits.
struct Waits {
    by_runner: Option<String>,
    /// What keeps it from being stopped.
    stop: Option<String>,
}

impl Waits {
    fn told(&self) -> Option<String> {
        let stop = self.stop.as_ref();
        // Both can be one trouble, which has told what it does to a stop.
        let stop = stop.filter(|stop| Some(*stop) != self.by_runner.as_ref());
        let stop = stop.map(|words| format!("its stop waits: {words}"));
        stop.or_else(|| self.by_runner.clone())
    }
}

/// Waits for the moment, or for ever if there is none.
pub(super) async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
