//! What follows when an execution was given up: its runner is asked to stop it, and followed until it has ended after
//! all. That is stored beside the outcome, which stays. Should this be cut short, the housekeeping learns the end.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::course::{Abandoned, Course, until};
use super::persist::{FIRST_PAUSE, LONGEST_PAUSE};
use crate::domain::lifecycle::{End, LateOutcome};
use crate::runner::RunEvent;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Nobody waits for it any more, so it is looked after at leisure.
const BETWEEN_TRIES: Duration = Duration::from_mins(1);

impl Course {
    /// Follows an execution that was given up to its end.
    pub(super) async fn follow_late(&mut self) -> Result<(), Abandoned> {
        while self.may_end_late() {
            match self.parts().runner.watch(&self.execution).await {
                Ok(events) => self.follow_late_events(events).await?,
                Err(error) => {
                    debug!(execution.id = %self.execution.id, error = chain(&error), "the runner is asked again");
                }
            }
            if self.may_end_late() {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
        Ok(())
    }

    /// Without a handle it was never let run.
    fn may_end_late(&self) -> bool {
        let execution = &self.execution;
        execution.is_given_up() && execution.handle.is_some() && execution.late_outcome.is_none()
    }

    async fn follow_late_events(
        &mut self,
        mut events: Receiver<RunEvent>,
    ) -> Result<(), Abandoned> {
        // The stop of before may have reached nobody, or there was none.
        let mut stop_at = Some(Instant::now());
        let mut told = None;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(RunEvent::Ended(end)) => return self.note_late(end).await,
                    Some(RunEvent::Running { .. } | RunEvent::Waits { .. }) => {}
                    None => return Ok(()),
                },
                () = until(stop_at), if stop_at.is_some() => {
                    told = self.try_to_stop(told.as_deref()).await.err();
                    stop_at = told.is_some().then(|| Instant::now() + BETWEEN_TRIES);
                }
            }
        }
    }

    /// Stores an end beside the outcome.
    pub(super) async fn note_late(&mut self, end: End) -> Result<(), Abandoned> {
        let (id, fence) = (self.execution.id, self.execution.fence);
        let late = LateOutcome::of(end, self.execution.stop.as_ref());
        let mut pause = FIRST_PAUSE;
        loop {
            let noted = self
                .parts()
                .store
                .note_late_outcome(id, fence, late.clone());
            match noted.await {
                Ok(execution) => {
                    self.execution = execution;
                    info!(execution.id = %id, status = %late.status, reason = late.reason, "ended after it was given up");
                    return Ok(());
                }
                Err(
                    StoreError::FenceLost(_) | StoreError::NotFound(_) | StoreError::Forbidden(_),
                ) => return Err(Abandoned),
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        warn!(execution.id = %id, error = chain(&error), "a late outcome waits for the store");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
