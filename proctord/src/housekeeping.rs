//! Cleans away what is over: runners' leftovers of executions that have ended long ago and whose logs are
//! stored. It takes no input and may be repeated at any time; what the store does not know is left alone.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

use crate::domain::name::ExecutionName;
use crate::runner::Runner;
use crate::store::Store;
use crate::telemetry::chain;

const EVERY: Duration = Duration::from_hours(1);

/// What the housekeeping works with.
pub struct Housekeeping {
    pub store: Arc<dyn Store>,
    pub runner: Arc<dyn Runner>,
    /// How long leftovers stay.
    pub keep: Duration,
}

impl Housekeeping {
    /// Cleans at once and then from time to time, for ever.
    pub async fn run(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.clean().await;
        }
    }

    /// Cleans once.
    async fn clean(&self) {
        let all = match self.runner.held().await {
            Ok(all) => all,
            Err(error) => return warn!(error = chain(&error), "leftovers cannot be listed"),
        };
        let mut discarded = 0_usize;
        for held in all {
            if !self.is_over(&held.name).await {
                continue;
            }
            match self.runner.discard(&held).await {
                Ok(()) => discarded += 1,
                Err(error) => {
                    warn!(execution.name = %held.name, error = chain(&error), "a leftover stays")
                }
            }
        }
        if discarded > 0 {
            info!(
                executions = discarded,
                "discarded what was left of old executions"
            );
        }
    }

    async fn is_over(&self, name: &ExecutionName) -> bool {
        let execution = match self.store.execution_named(name).await {
            Ok(Some(execution)) => execution,
            Ok(None) => return false,
            Err(error) => {
                warn!(execution.name = %name, error = chain(&error), "a leftover stays");
                return false;
            }
        };
        let keep = SignedDuration::try_from(self.keep).unwrap_or(SignedDuration::MAX);
        let age = Timestamp::now().duration_since(execution.updated_at);
        execution.is_over() && !execution.log_open && age >= keep
    }
}
