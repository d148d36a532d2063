//! Cleans away what is over: runners' leftovers of executions that have ended long ago and whose logs are stored,
//! what was put in place and is not to run any more, and what still runs though its execution is over. Of what was
//! LOST it learns the end. It takes no input and may be repeated at any time, by several replicas at once; what ran
//! for somebody whom the store does not know is left alone.

mod deed;
mod late;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use proctor_worker::failpoint;
use tracing::{error, info, warn};

use crate::domain::execution::Execution;
use crate::domain::name::ExecutionName;
use crate::runner::{Held, HeldStage, Runner};
use crate::store::{Noticed, Store, StoreError};
use crate::telemetry::chain;

use deed::{Deed, Keeping};

/// How many leftovers are looked after at a time.
const AT_A_TIME: usize = 8;

/// What the housekeeping works with.
pub struct Housekeeping {
    pub store: Arc<dyn Store>,
    pub runner: Arc<dyn Runner>,
    /// How long leftovers stay.
    pub keep: Duration,
    /// Between two looks.
    pub every: Duration,
    /// Between TERM and KILL of what still runs.
    pub grace: Duration,
}

impl Housekeeping {
    /// Cleans at once and then from time to time, for ever.
    pub async fn run(self) {
        let mut told = HashSet::new();
        loop {
            self.clean(&mut told).await;
            // Replicas that look at the same intervals would look at the same leftovers for ever, one right after the other.
            let pause = self.every.mul_f64(rand::random_range(0.75..1.25));
            tokio::time::sleep(pause).await;
        }
    }

    /// Cleans once. Of strangers that were told of before nothing is told again.
    async fn clean(&self, told: &mut HashSet<ExecutionName>) {
        let all = match self.runner.held().await {
            Ok(all) => all,
            Err(error) => return warn!(error = chain(&error), "leftovers cannot be listed"),
        };
        let discarded = AtomicUsize::new(0);
        let strangers: Vec<_> = stream::iter(all)
            .map(|held| self.look_after(held, &discarded))
            .buffer_unordered(AT_A_TIME)
            .filter_map(std::future::ready)
            .collect()
            .await;
        self.notice(&strangers).await;
        for name in &strangers {
            if !told.contains(name) {
                warn!(execution.name = %name, "left alone: it runs or has run, and the store does not know it");
            }
        }
        *told = strangers.into_iter().collect();
        let discarded = discarded.into_inner();
        if discarded > 0 {
            info!(
                executions = discarded,
                "discarded what was left of executions"
            );
        }
    }

    /// Looks after one leftover; returns its name if it is a stranger's.
    async fn look_after(&self, held: Held, discarded: &AtomicUsize) -> Option<ExecutionName> {
        let execution = match self.find(&held.name).await {
            Ok(execution) => execution,
            Err(error) => {
                warn!(execution.name = %held.name, error = chain(&error), "a leftover stays");
                return None;
            }
        };
        let keeping = Keeping {
            keep: self.keep,
            now: Timestamp::now(),
        };
        let held = match execution {
            None => self.looked_at(held).await,
            Some(_) => held,
        };
        match deed::of(&held, execution.as_ref(), keeping) {
            Deed::Leave => {}
            Deed::Tell => return Some(held.name),
            Deed::Discard => {
                if self.discard(&held).await {
                    discarded.fetch_add(1, Ordering::Relaxed);
                }
            }
            Deed::Stop => {
                if let Some(execution) = execution {
                    self.stop(&execution).await;
                }
            }
            Deed::Learn => {
                if let Some(execution) = execution {
                    self.learn(&execution).await;
                }
            }
        }
        None
    }

    /// Has a hold begin if one of them is new: the store was put back to a backup while it was in use.
    async fn notice(&self, strangers: &[ExecutionName]) {
        if strangers.is_empty() {
            return;
        }
        match self.store.notice_strangers(strangers).await {
            Ok(Noticed {
                held: Some(held), ..
            }) => error!(
                held,
                "new strangers: what was accepted is held until `proctord recover` lets it go on"
            ),
            Ok(_) => {}
            Err(error) => warn!(
                error = chain(&error),
                "strangers are noticed at the next look"
            ),
        }
    }

    /// As it is closely looked at, if its runner could not tell at once that it may have done something.
    async fn looked_at(&self, held: Held) -> Held {
        if held.stage != HeldStage::Unknown {
            return held;
        }
        match self.runner.look(&held.name).await {
            Ok(looked_at) => looked_at
                .filter(|held| held.stage != HeldStage::Prepared)
                .unwrap_or(held),
            Err(error) => {
                warn!(execution.name = %held.name, error = chain(&error), "a leftover stays");
                held
            }
        }
    }

    async fn find(&self, name: &ExecutionName) -> Result<Option<Execution>, StoreError> {
        self.store.execution_named(name).await
    }

    async fn discard(&self, held: &Held) -> bool {
        failpoint::hit("sweep.found");
        match self.runner.discard(held).await {
            Ok(()) => {
                failpoint::hit("sweep.discarded");
                true
            }
            Err(error) => {
                warn!(execution.name = %held.name, error = chain(&error), "a leftover stays");
                false
            }
        }
    }

    async fn stop(&self, execution: &Execution) {
        warn!(execution.id = %execution.id, "it still runs though it is over, and is stopped");
        if let Err(error) = self.runner.stop(execution, self.grace).await {
            warn!(execution.id = %execution.id, error = chain(&error), "it is stopped at the next look");
        }
    }
}
