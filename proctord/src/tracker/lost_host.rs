//! Hosts that are silent for good: what belonged to one of them ends LOST here, for nobody will ever know what became of
//! it. Its runner is not asked: it is on that host. If the host was only away, it stops what still runs of that.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tracing::{info, warn};

use super::Tracker;
use super::course::{Abandoned, Course};
use super::lease::BATCH;
use super::persist::{FIRST_PAUSE, LONGEST_PAUSE};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::Event;
use crate::store::{Queues, StoreError};
use crate::telemetry::chain;

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Tracker {
    /// Whether what runs of it is on a host that is not ours.
    pub(super) fn is_of_another_host(&self, execution: &Execution) -> bool {
        let here = self.inner.parts.replica.host.as_str();
        execution.host.as_deref().is_some_and(|host| host != here)
    }

    /// Takes over what hosts have left that have been silent for too long, batch by batch.
    pub(super) async fn adopt_from_silent_hosts(&self) -> Result<(), StoreError> {
        let parts = &self.inner.parts;
        let patience = SignedDuration::try_from(parts.host_patience).unwrap_or(SignedDuration::MAX);
        loop {
            let store = &parts.store;
            let adopted = store
                .adopt_from_silent_hosts(&parts.replica, patience, BATCH)
                .await?;
            let batch = adopted.len();
            if batch > 0 {
                info!(executions = batch, "took over what silent hosts have left");
            }
            self.take_up_all(adopted).await;
            if batch < BATCH.get() as usize {
                return Ok(());
            }
        }
    }

    /// Stops what others have ended while we were silent, though it runs here.
    pub(super) fn stop_what_is_lost(&self, given_away: Vec<ExecutionId>) {
        for id in given_away {
            let tracker = self.clone();
            let stop = async move {
                let shutdown = tracker.inner.shutdown.clone();
                // What is not stopped by then the next start finds.
                let _ = shutdown.run_until_cancelled(tracker.stop_if_lost(id)).await;
            };
            self.inner.tasks.spawn_on(stop, &self.inner.runtime);
        }
    }

    async fn stop_if_lost(&self, id: ExecutionId) {
        let patience = Instant::now() + self.inner.parts.lease;
        loop {
            match self.try_to_stop_if_lost(id).await {
                Ok(true) => return,
                Ok(false) if Instant::now() > patience => match self.take_back().await {
                    Ok(()) => return,
                    Err(error) => {
                        warn!(
                            error = chain(&error),
                            "what others have taken over stays theirs"
                        );
                    }
                },
                Ok(false) => {}
                Err(error) => {
                    warn!(execution.id = %id, error, "what others have ended may still run");
                }
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Whether nothing more is to be done about it.
    async fn try_to_stop_if_lost(&self, id: ExecutionId) -> Result<bool, String> {
        let parts = &self.inner.parts;
        let stored = parts.store.execution(id).await;
        let Some(execution) = stored.map_err(|error| chain(&error))? else {
            return Ok(true);
        };
        let is_ours = execution.owner == parts.replica.id;
        if is_ours || execution.host.as_deref() != Some(&parts.replica.host) {
            return Ok(true);
        }
        // Whoever has taken it over ends it soon.
        if !execution.is_over() {
            return Ok(false);
        }
        let stopped = parts.runner.stop(&execution, parts.grace).await;
        stopped.map_err(|error| chain(&error))?;
        warn!(execution.id = %id, "stopped: others have ended it while this host was silent");
        Ok(true)
    }
}

impl Tracker {
    /// Acts again for what somebody has taken over who does not end it: whoever it is may be gone as well, and this host
    /// is silent no longer.
    async fn take_back(&self) -> Result<(), StoreError> {
        let parts = &self.inner.parts;
        let back = parts.store.adopt_host(&parts.replica).await?;
        self.take_up_all(back).await;
        Ok(())
    }
}

impl Course {
    /// Ends an execution whose host is silent, and closes its log where it stands.
    pub(super) async fn lose_with_host(&mut self) -> Result<(), Abandoned> {
        while !self.execution.is_over() {
            let host = self.execution.host.clone().unwrap_or_default();
            let silent_since = self.last_word_of(&host).await;
            let at = Timestamp::now();
            let event = Event::LoseHost {
                host,
                silent_since,
                at,
            };
            self.persist(event, None).await?;
        }
        let queue = Queues::Of(&self.execution.proc_name);
        self.tracker.admit(queue).await;
        let pumped = self.cut_off(None).await;
        self.close_log(pumped).await
    }

    /// When its host has last been heard of; if nobody remembers, when something has last become of the execution.
    async fn last_word_of(&self, host: &str) -> Timestamp {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.parts().store.last_word_of(host).await {
                Ok(at) => return at.unwrap_or(self.execution.updated_at),
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        warn!(execution.id = %self.execution.id, error = chain(&error), "the end of what is lost waits for the store");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
