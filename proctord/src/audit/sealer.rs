//! Seals the audit trail a moment after it was written, and tells the log what the newest seal is: whoever has that
//! line elsewhere finds out if the trail is written anew with all its seals. It takes no input, may be repeated, and
//! runs in every replica; the store has one of them seal at a time.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, info, warn};

use crate::store::audit::seal::Mark;
use crate::store::{Sealing, Store, StoreError};
use crate::telemetry::chain;

/// How long a row waits for its seal, unless too many come.
const BETWEEN_SEALS: Duration = Duration::from_secs(1);
/// The most rows of one seal: whoever verifies holds what it says of them in memory.
const BATCH: NonZeroU32 = NonZeroU32::new(2000).expect("2000 is not zero");
/// The newest seal is told no more often.
const BETWEEN_MARKS: Duration = Duration::from_secs(300);

/// Seals what is written.
pub struct Sealer {
    store: Arc<dyn Store>,
    /// The newest seal of ours that the log does not have.
    untold: Option<Mark>,
    told_at: Option<Instant>,
    is_failing: bool,
}

impl Sealer {
    /// One for a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            untold: None,
            told_at: None,
            is_failing: false,
        }
    }

    /// Seals from time to time, for ever.
    pub async fn run(&mut self) {
        let mut ticks = tokio::time::interval(BETWEEN_SEALS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.seal_or_tell().await;
            if self.told_at.is_none_or(|at| at.elapsed() >= BETWEEN_MARKS) {
                self.tell();
            }
        }
    }

    /// Seals what is left and tells of it, at the end.
    pub async fn finish(&mut self) {
        self.seal_or_tell().await;
        self.tell();
    }

    /// A failure is told once, until it goes well again; the rows wait.
    async fn seal_or_tell(&mut self) {
        match self.seal_all().await {
            Ok(()) => self.is_failing = false,
            Err(error) if self.is_failing => debug!(error = chain(&error), "not sealed yet"),
            Err(error) => {
                warn!(error = chain(&error), "the audit trail is not sealed");
                self.is_failing = true;
            }
        }
    }

    async fn seal_all(&mut self) -> Result<(), StoreError> {
        while let Sealing::Sealed(seal) = self.store.seal_audit(BATCH).await? {
            self.untold = Some(seal.mark());
            if seal.len() < BATCH.get() as usize {
                break;
            }
        }
        Ok(())
    }

    fn tell(&mut self) {
        if let Some(mark) = self.untold.take() {
            info!(audit.seal = %mark, "the audit trail is sealed up to here");
            self.told_at = Some(Instant::now());
        }
    }
}
