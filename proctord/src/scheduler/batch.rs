//! Fires what was prepared in one unit of work, or in smaller ones where something of it cannot be written. Why that is
//! so is not known here.

use tracing::error;

use super::Scheduler;
use crate::store::{Prepared, StoreError};
use crate::telemetry::chain;

/// What became of a batch.
#[derive(Default)]
pub(super) struct Batch {
    /// Something fired or was covered.
    pub is_done: bool,
    /// What cannot be written of it; in words which, and why.
    pub trouble: Option<String>,
}

impl Scheduler {
    /// Fires what was prepared. A schedule that cannot be written must not keep others from firing: while the store is
    /// there, what fails is halved until that one is alone.
    pub(super) async fn fire(&self, prepared: &[Prepared]) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        let mut parts = vec![prepared];
        while let Some(part) = parts.pop() {
            let error = match self.parts.store.fire(part).await {
                Ok(fired) => {
                    batch.is_done |= fired.schedules > 0;
                    self.hand_over(fired);
                    continue;
                }
                Err(error) => error,
            };
            if matches!(error, StoreError::Unavailable { .. }) {
                self.doubt();
            }
            if prepared.len() == 1 || self.parts.store.clock().await.is_err() {
                return Err(error);
            }
            if let [alone] = part {
                error!(schedule.id = %alone.id, error = chain(&error), "a schedule cannot fire");
                batch.trouble = Some(format!("schedule {}: {}", alone.id, chain(&error)));
                continue;
            }
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
        }
        Ok(batch)
    }
}
