//! The course of one execution: launch, follow, finish. It ends early only when the execution belongs to
//! somebody else by now.

use std::time::Duration;

use proctor_api::Status;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{Parts, Signals, Tracker, persist};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::Event;
use crate::runner::RunEvent;
use crate::telemetry::chain;
use proctor_worker::failpoint;

/// Somebody else acts for the execution, or it is gone from the store: nothing more is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abandoned;

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

    pub(super) async fn run(mut self) {
        let id = self.execution.id;
        if self.complete().await == Err(Abandoned) {
            info!(execution.id = %id, "somebody else acts for the execution now");
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

    async fn complete(&mut self) -> Result<(), Abandoned> {
        // Boxed, what a launch needs is given back before the long wait for the end.
        let launched = Box::pin(self.launch()).await;
        self.signals.launched.send_replace(true);
        launched?;
        let had_a_run = self.has_had_a_run();
        let pump = had_a_run.then(|| self.pump());
        if !self.execution.is_over() {
            Box::pin(self.follow()).await?;
        }
        failpoint::hit("finish.stored");
        self.tracker.admit(&self.execution.proc_name).await;
        failpoint::hit("finish.admitted");
        Box::pin(self.finish_log(pump)).await
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
                tokio::time::sleep(pause).await;
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
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(RunEvent::Waits { reason }) => self.note_waiting(reason).await?,
                    Some(RunEvent::Running { started_at }) => self.note_running(started_at).await?,
                    Some(RunEvent::Ended(end)) => return Box::pin(self.persist(Event::End(end), None)).await,
                    None => return Ok(()),
                },
                Ok(()) = self.stop.changed() => {
                    if let Some(stopped) = self.stop.borrow_and_update().clone() {
                        self.execution.stop = stopped.stop;
                    }
                    stop_at = Some(Instant::now());
                }
                () = until(stop_at), if stop_at.is_some() => stop_at = Box::pin(self.try_to_stop()).await,
            }
        }
    }

    async fn note_running(&mut self, started_at: jiff::Timestamp) -> Result<(), Abandoned> {
        if self.execution.status() == Status::Running {
            return Ok(());
        }
        Box::pin(self.persist(Event::Run { started_at }, None)).await
    }

    /// Has the runner stop it; returns when to try again if that failed.
    async fn try_to_stop(&mut self) -> Option<Instant> {
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
            Ok(()) => None,
            Err(error) => {
                warn!(execution.id = %self.execution.id, error = chain(&error), "the stop is tried again");
                Some(Instant::now() + persist::LONGEST_PAUSE)
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
