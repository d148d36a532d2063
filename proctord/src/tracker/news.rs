//! What other replicas have stored and do not tell: wishes to stop an execution of ours, or that it is given up, slots
//! that they have freed for which one of ours waits, and what a person has released. This replica looks for all of it
//! from time to time.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use proctor_api::Status;
use tracing::debug;

use super::Tracker;
use crate::domain::name::ProcName;
use crate::store::{Filter, StoreError};
use crate::telemetry::chain;

const BETWEEN_STOPS: Duration = Duration::from_secs(1);
const BETWEEN_QUEUES: Duration = Duration::from_secs(5);
const PAGE: NonZeroU32 = NonZeroU32::new(500).expect("500 is not zero");

impl Tracker {
    /// Looks for what others have stored, for ever.
    pub async fn look_for_news(&self) {
        tokio::join!(
            self.look_for_stops(),
            self.look_after_queues(),
            self.look_for_releases()
        );
    }

    async fn look_for_stops(&self) {
        loop {
            tokio::time::sleep(BETWEEN_STOPS).await;
            let parts = &self.inner.parts;
            match parts.store.stops_of(&parts.replica.id).await {
                Ok(stops) => stops.into_iter().for_each(|execution| self.stop(execution)),
                Err(error) => debug!(error = chain(&error), "the stops cannot be seen"),
            }
        }
    }

    async fn look_after_queues(&self) {
        loop {
            tokio::time::sleep(BETWEEN_QUEUES).await;
            match self.waiting_here().await {
                Ok(proc_names) => {
                    for proc_name in proc_names {
                        self.admit(&proc_name).await;
                    }
                }
                // Readiness tells of it; the next look comes soon.
                Err(error) => debug!(error = chain(&error), "the queues cannot be seen"),
            }
        }
    }

    /// The procs of which executions of ours wait for a slot.
    async fn waiting_here(&self) -> Result<BTreeSet<ProcName>, StoreError> {
        let parts = &self.inner.parts;
        let filter = Filter {
            status: Some(Status::Queued),
            ..Filter::default()
        };
        let mut proc_names = BTreeSet::new();
        let mut after = None;
        loop {
            let page = parts.store.executions(&filter, after, PAGE).await?;
            let ours = page
                .executions
                .into_iter()
                .filter(|execution| execution.owner == parts.replica.id);
            proc_names.extend(ours.map(|execution| execution.proc_name));
            after = page.next;
            if after.is_none() {
                return Ok(proc_names);
            }
        }
    }
}
