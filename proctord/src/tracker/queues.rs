//! Queues: what waits here for a slot is given one when an execution of its proc ends here. Another replica on
//! another host frees slots too, and does not tell; so this replica looks from time to time, as long as
//! something waits.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use proctor_api::Status;
use tracing::debug;

use super::Tracker;
use crate::domain::name::ProcName;
use crate::store::{Filter, StoreError};
use crate::telemetry::chain;

const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
const PAGE: NonZeroU32 = NonZeroU32::new(500).expect("500 is not zero");

impl Tracker {
    /// Looks after the queues, for ever.
    pub async fn look_after_queues(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
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
