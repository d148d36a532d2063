//! Doubts: a store that failed may have done what it was asked all the same, for a connection can break after
//! a commit and before its answer. Then an execution is stored that nobody acts for, or a stop that nobody
//! heard of. After such a failure what is stored is held against the courses there are.

use std::num::NonZeroU32;
use std::time::Duration;

use proctor_api::Status;
use tracing::{debug, info};

use super::{Tracker, persist};
use crate::domain::execution::Execution;
use crate::store::{Filter, Queues, StoreError};
use crate::telemetry::chain;

/// A first look soon, and one more when whatever was under way on the server must have come to its end.
const LOOKS_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];
const PAGE: NonZeroU32 = NonZeroU32::new(500).expect("500 is not zero");
const LIVE: [Status; 4] = [
    Status::Received,
    Status::Queued,
    Status::Created,
    Status::Running,
];

impl Tracker {
    /// Says that the store may have done something of which it did not tell.
    pub fn doubt(&self) {
        self.inner.doubts.notify_one();
    }

    /// Settles doubts as they come up, for ever.
    pub async fn settle_doubts(&self) {
        loop {
            self.inner.doubts.notified().await;
            for wait in LOOKS_AFTER {
                tokio::time::sleep(wait).await;
                self.settle().await;
            }
        }
    }

    /// Looks until the store answers.
    async fn settle(&self) {
        let mut pause = persist::FIRST_PAUSE;
        while let Err(error) = self.look_at_live().await {
            debug!(error = chain(&error), "what is stored is in doubt");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(persist::LONGEST_PAUSE);
        }
    }

    async fn look_at_live(&self) -> Result<(), StoreError> {
        let mut somebody_waits = false;
        for status in LIVE {
            let filter = Filter {
                status: Some(status),
                ..Filter::default()
            };
            let mut after = None;
            loop {
                let store = &self.inner.parts.store;
                let page = store.executions(&filter, after, PAGE).await?;
                for execution in page.executions {
                    somebody_waits |= self.take_up(execution);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        // Whoever was to give their slots on may not have come to it.
        if somebody_waits {
            self.admit(Queues::All).await;
        }
        Ok(())
    }

    /// Has somebody act for an execution of ours. True, if it waits for its turn in a queue.
    fn take_up(&self, execution: Execution) -> bool {
        let is_ours = execution.owner == self.inner.parts.replica.id;
        if is_ours && execution.stop.is_some() {
            self.stop(execution);
        } else if is_ours && execution.status() == Status::Queued && !execution.held {
            return true;
        } else if is_ours && !self.acts_for(&execution) {
            info!(execution.id = %execution.id, "taken up: it was stored though the store had not said so");
            self.track(execution);
        }
        false
    }
}
