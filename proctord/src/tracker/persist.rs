//! Stores what a course has learnt, again and again until the store has it: nothing that happened to an
//! execution is only in memory.

use std::time::Duration;

use tracing::{info, warn};

use super::course::{Abandoned, Course};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::Event;
use crate::store::{Change, StoreError};
use crate::telemetry::chain;

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Course {
    /// Stores an event; afterwards the course holds the execution as it is stored.
    pub(super) async fn persist(
        &mut self,
        event: Event,
        handle: Option<String>,
    ) -> Result<(), Abandoned> {
        self.persist_change(Change {
            id: self.execution.id,
            fence: self.execution.fence,
            event,
            handle,
            sealed_secrets: None,
        })
        .await
    }

    /// Stores that the runner has it, or had it already, with the secrets that it was given. Of one that is held the
    /// former is refused; then the course holds it as it is stored, and nothing has changed.
    pub(super) async fn persist_created(
        &mut self,
        event: Event,
        handle: Option<String>,
        sealed_secrets: Option<Vec<u8>>,
    ) -> Result<(), Abandoned> {
        self.persist_change(Change {
            id: self.execution.id,
            fence: self.execution.fence,
            event,
            handle,
            sealed_secrets,
        })
        .await
    }

    /// Stores what the execution waits for.
    pub(super) async fn note_waiting(&mut self, reason: Option<String>) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        let Execution { id, fence, .. } = self.execution;
        loop {
            let noted = self
                .parts()
                .store
                .note_waiting(id, fence, reason.as_deref());
            match noted.await {
                Ok(()) => {
                    info!(execution.id = %id, reason, "what an execution waits for");
                    self.execution.waiting = reason;
                    return Ok(());
                }
                Err(StoreError::FenceLost(_) | StoreError::NotFound(_)) => return Err(Abandoned),
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        warn!(execution.id = %id, reason, error = chain(&error), "what it waits for waits for the store");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn persist_change(&mut self, change: Change) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.parts().store.transition(change.clone()).await {
                Ok(execution) => {
                    self.execution = execution;
                    self.tell();
                    return Ok(());
                }
                Err(StoreError::FenceLost(_) | StoreError::NotFound(_)) => return Err(Abandoned),
                Err(StoreError::Held(_)) => return self.reload().await,
                Err(StoreError::Forbidden(forbidden)) => {
                    warn!(execution.id = %self.execution.id, error = %forbidden, "what is stored stands");
                    return self.reload().await;
                }
                Err(error) => {
                    // Once is enough: the wait may be long, and there may be many that wait.
                    if pause == FIRST_PAUSE {
                        warn!(execution.id = %self.execution.id, error = chain(&error), "a change waits for the store");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn tell(&self) {
        let execution = &self.execution;
        info!(
            execution.id = %execution.id,
            proc.name = %execution.proc_name,
            user = execution.user,
            status = %execution.status(),
            reason = execution.state.reason(),
            "execution changed"
        );
    }

    /// What is stored by now.
    pub(super) async fn reload(&mut self) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.parts().store.execution(self.execution.id).await {
                Ok(Some(execution)) if execution.fence == self.execution.fence => {
                    self.execution = execution;
                    return Ok(());
                }
                Ok(_) => return Err(Abandoned),
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        warn!(execution.id = %self.execution.id, error = chain(&error), "read again");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
