//! Executions that are held: their courses start nothing, follow what runs already, and wait until somebody has let
//! them go on or end. Who does so tells nobody, so this replica looks from time to time while anything of it waits.

use std::collections::HashSet;
use std::time::Duration;

use tracing::{debug, warn};

use super::course::{Abandoned, Course};
use super::launch::Try;
use super::secrets;
use super::{Signals, Tracker};
use crate::domain::lifecycle::Event;
use crate::runner::{Found, HeldStage, RunnerError};
use crate::store::StoreError;
use crate::telemetry::chain;
use proctor_api::Status;

/// What a runner calls what it found, if it calls it anything.
type Handle = Option<String>;

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Course {
    /// Looks what became of one that is held. What runs or has run is followed as ever; nothing is put in place.
    pub(super) async fn look_at_held(&mut self) -> Result<Try, Abandoned> {
        let found = match self.execution.status() {
            Status::Created => self.find_created().await,
            _ => self.find_uncreated().await,
        };
        match found {
            Ok(Some(handle)) => self.take_as_found(handle).await,
            Ok(None) if self.stop_is_wanted() => self.withdraw().await,
            Ok(None) => Ok(Try::Held),
            Err(error) => Ok(Try::Unknown(error.into())),
        }
    }

    /// Of one that was created its runner says whether it was started, even when nothing is left of it.
    async fn find_created(&self) -> Result<Option<Handle>, RunnerError> {
        let found = self.parts().runner.inspect(&self.execution).await?;
        Ok((found == Found::Started).then_some(None))
    }

    /// Of one that was not, only what is there under its name tells.
    async fn find_uncreated(&self) -> Result<Option<Handle>, RunnerError> {
        let held = self.parts().runner.look(&self.execution.name).await?;
        let started = held.filter(|held| held.stage != HeldStage::Prepared);
        Ok(started.map(|held| held.handle))
    }

    /// Waits until it is let go on or has ended, or is to be stopped.
    pub(super) async fn wait_for_release(&mut self) -> Result<(), Abandoned> {
        warn!(execution.id = %self.execution.id, "held since a restore: `proctord recover` lets it go on or ends it");
        let mut held = self.signals.held.subscribe();
        self.signals.held.send_replace(true);
        tokio::select! {
            // Both senders live as long as the course.
            _ = held.wait_for(|held| !held) => {}
            _ = self.stop.changed() => {}
        }
        self.signals.held.send_replace(false);
        self.reload().await
    }

    /// Whether it was let go on and needs a slot first.
    pub(super) fn is_queued(&mut self) -> bool {
        self.execution.status() == Status::Queued && !self.execution.held && !self.stop_is_wanted()
    }

    async fn take_as_found(&mut self, handle: Handle) -> Result<Try, Abandoned> {
        let created_before = self.execution.status() == Status::Created;
        let sealed = match self.secrets(created_before).await {
            Ok(secrets) => secrets::seal(self.parts(), &self.execution, &secrets),
            Err(error) => return Ok(Try::Unknown(error.into())),
        };
        match sealed {
            Ok(sealed) => {
                self.persist_created(Event::Find, handle, sealed).await?;
                Ok(Try::Settled)
            }
            Err(error) => Ok(Try::Unknown(error.into())),
        }
    }
}

impl Tracker {
    /// Looks which of ours are held no longer, for ever.
    pub(super) async fn look_for_releases(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            if let Err(error) = self.wake_released().await {
                // Readiness tells of it; the next look comes soon.
                debug!(error = chain(&error), "what is held cannot be seen");
            }
        }
    }

    async fn wake_released(&self) -> Result<(), StoreError> {
        let waiting: Vec<_> = self
            .courses()
            .iter()
            .filter(|(_, signals)| is_waiting(signals))
            .map(|(id, signals)| (*id, signals.clone()))
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let held = self.inner.parts.store.held().await?;
        let held: HashSet<_> = held.iter().map(|execution| execution.id).collect();
        for (id, signals) in waiting {
            if !held.contains(&id) {
                signals.held.send_replace(false);
            }
        }
        Ok(())
    }
}

fn is_waiting(signals: &Signals) -> bool {
    *signals.held.borrow()
}
