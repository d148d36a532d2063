//! Forgets history that nothing refers to any more: deliveries that belong to no execution, once they are settled, and
//! stretches in which no schedule fired. In small batches, so that nobody waits for it; it takes no input, and any number
//! of replicas may do the same. What belongs to an execution stays as long as that.

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::store::{Store, StoreError};
use crate::telemetry::chain;
use crate::ticker::Tick;

/// Not with the full hour, when much is due.
const EACH_HOUR: &str = "0 23 * * * *";
/// How many rows go in one commit.
const BATCH: NonZeroU32 = NonZeroU32::new(500).expect("it is not zero");
/// For those who wait to write.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// Forgets what is old.
pub struct Retention {
    store: Arc<dyn Store>,
    /// How old it gets; absent, nothing is forgotten.
    keep: Option<SignedDuration>,
    poke: Arc<Notify>,
}

impl Retention {
    /// One for this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, keep: Option<SignedDuration>) -> Self {
        Self {
            store,
            keep,
            poke: Arc::default(),
        }
    }

    /// When it is to be poked.
    #[must_use]
    pub fn tick(&self) -> Tick {
        Tick {
            pattern: EACH_HOUR,
            poke: Arc::clone(&self.poke),
        }
    }

    /// Forgets what is old at once and whenever it is poked, for ever.
    pub async fn run(self) {
        let Some(keep) = self.keep else {
            return std::future::pending().await;
        };
        loop {
            if let Err(error) = self.sweep(keep).await {
                warn!(error = chain(&error), "old history stays for another hour");
            }
            self.poke.notified().await;
        }
    }

    async fn sweep(&self, keep: SignedDuration) -> Result<(), StoreError> {
        let deliveries = in_batches(async || self.store.forget_deliveries(keep, BATCH).await);
        let deliveries = deliveries.await?;
        let stretches = in_batches(async || self.store.forget_stretches(keep, BATCH).await);
        let stretches = stretches.await?;
        if deliveries + stretches > 0 {
            info!(deliveries, stretches, "old history is forgotten");
        }
        Ok(())
    }
}

/// Forgets until there is no more, and tells how much it was.
async fn in_batches(forget: impl AsyncFn() -> Result<u64, StoreError>) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let forgotten = forget().await?;
        all += forgotten;
        if forgotten < BATCH.get().into() {
            return Ok(all);
        }
        tokio::time::sleep(BETWEEN_BATCHES).await;
    }
}
