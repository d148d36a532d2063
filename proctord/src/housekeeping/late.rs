//! How something ended whose execution was LOST before that was seen: the runner is asked, and what it tells is kept
//! beside the outcome.

use std::time::Duration;

use tracing::{debug, info, warn};

use super::Housekeeping;
use crate::domain::execution::Execution;
use crate::domain::lifecycle::{Cause, End, LateOutcome};
use crate::runner::{RunEvent, RunnerError};
use crate::telemetry::chain;

/// Who knows the end tells it at once; the next look comes soon.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the runner says.
enum Told {
    Ended(End),
    Runs,
    Nothing,
}

impl Housekeeping {
    /// Learns the end of what was LOST; what still runs is stopped.
    pub(super) async fn learn(&self, execution: &Execution) {
        match self.ask(execution).await {
            // That it is gone is what LOST says already, unless it was LOST on somebody's word.
            Ok(Told::Ended(end)) if end.cause == Cause::Gone && !execution.is_given_up() => {}
            Ok(Told::Ended(end)) => self.note(execution, end).await,
            Ok(Told::Runs) => self.stop(execution).await,
            Ok(Told::Nothing) => {
                debug!(execution.id = %execution.id, "nobody tells yet how it ended");
            }
            Err(error) => {
                warn!(execution.id = %execution.id, error = chain(&error), "how it ended is not known yet");
            }
        }
    }

    async fn ask(&self, execution: &Execution) -> Result<Told, RunnerError> {
        let mut events = self.runner.watch(execution).await?;
        let told = async {
            loop {
                match events.recv().await {
                    Some(RunEvent::Ended(end)) => return Told::Ended(end),
                    Some(RunEvent::Running { .. }) => return Told::Runs,
                    Some(RunEvent::Waits { .. }) => {}
                    None => return Told::Nothing,
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await;
        Ok(told.unwrap_or(Told::Nothing))
    }

    async fn note(&self, execution: &Execution, end: End) {
        let late = LateOutcome::of(end, execution.stop.as_ref());
        let (id, status) = (execution.id, late.status);
        let noted = self.store.note_late_outcome(id, execution.fence, late);
        match noted.await {
            Ok(_) => info!(execution.id = %id, %status, "ended after it was lost"),
            Err(error) => {
                warn!(execution.id = %id, error = chain(&error), "how it ended is stored at the next look");
            }
        }
    }
}
