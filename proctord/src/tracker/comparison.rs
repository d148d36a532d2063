//! What the runner holds, compared with what the store knows: a run that no execution stands for is proof that the
//! store was put back to a backup. Before that has been looked at, nothing is launched that was accepted before this
//! start; it may have run already.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tracing::{debug, error, warn};

use super::{Tracker, persist};
use crate::domain::execution::Execution;
use crate::runner::RunnerError;
use crate::store::{Noticed, StoreError};
use crate::telemetry::chain;

/// Taking over does not wait for longer than this: what is taken over waits by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the comparison has come.
#[derive(Default)]
pub(super) struct Comparison {
    /// When this start began, by the store's clock.
    began: OnceLock<Timestamp>,
    done: AtomicBool,
}

/// Why nothing could be compared.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tracker {
    /// Compares once, before anything is taken over. A runner that does not answer in time is asked again later.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn compare_first(&self) -> Result<(), StoreError> {
        let now = self.inner.parts.store.clock().await?;
        self.inner.comparison.began.get_or_init(|| now);
        match tokio::time::timeout(PATIENCE, self.compare()).await {
            Ok(Err(Failure::Store(error))) => return Err(error),
            Ok(Err(Failure::Runner(error))) => {
                warn!(
                    error = chain(&error),
                    "what was accepted before waits: what runs cannot be seen"
                );
            }
            Err(_) => warn!("what was accepted before waits: what runs is not told in time"),
            Ok(Ok(())) => {}
        }
        Ok(())
    }

    /// Goes on until it has been compared.
    pub async fn compare_at_last(&self) {
        let mut pause = persist::FIRST_PAUSE;
        while !self.is_compared() {
            if let Err(failure) = self.compare().await {
                debug!(error = chain(&failure), "nothing could be compared yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(persist::LONGEST_PAUSE);
            }
        }
    }

    /// Whether it may be launched as far as the comparison goes.
    pub(super) fn may_launch(&self, execution: &Execution) -> bool {
        let began = self.inner.comparison.began.get();
        self.is_compared() || began.is_some_and(|began| execution.created_at > *began)
    }

    fn is_compared(&self) -> bool {
        self.inner.comparison.done.load(Ordering::Acquire)
    }

    async fn compare(&self) -> Result<(), Failure> {
        let parts = &self.inner.parts;
        let held = parts.runner.held().await?;
        let names: Vec<_> = held.into_iter().map(|held| held.name).collect();
        let noticed = parts.store.notice_strangers(&names).await?;
        tell(&noticed);
        self.inner.comparison.done.store(true, Ordering::Release);
        Ok(())
    }
}

fn tell(noticed: &Noticed) {
    if let Some(held) = noticed.held {
        error!(
            runs = noticed.strangers.len(),
            held,
            "runs were found that no execution stands for: the store was put back to a backup. What was accepted \
             before is held until `proctord recover` lets it go on"
        );
    }
}
