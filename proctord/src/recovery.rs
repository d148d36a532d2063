//! After a restore from a backup: what is held and what its runner knows of it, and how it goes on by the word of a
//! person. It starts nothing itself: the replicas find what was released.

use std::sync::Arc;

use proctor_api::LogEnd;

use crate::domain::execution::{Execution, RunnerKind};
use crate::domain::id::ExecutionId;
use crate::domain::name::ExecutionName;
use crate::runner::{HeldStage, Runner};
use crate::store::{AuditEntry, AuditResult, Hold, Store, StoreError, Stranger};
use crate::telemetry::chain;

/// What is asked of runs: the runner of this machine, as far as it can be asked.
pub struct Witness {
    pub runner: Arc<dyn Runner>,
    /// The host of this machine's data folder; only it knows what runs there.
    pub host: Option<String>,
}

/// The store and what can be asked, for whoever decides.
pub struct Recovery {
    store: Arc<dyn Store>,
    witness: Witness,
    /// Who decides.
    by: String,
}

/// What a runner knows of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Nothing,
    Stage(HeldStage),
    /// It could not be asked; in words, why.
    Unasked(String),
}

/// Everything that somebody should see before deciding.
#[derive(Debug)]
pub struct Survey {
    pub hold: Option<Hold>,
    pub held: Vec<(Execution, Known)>,
    pub strangers: Vec<(Stranger, Known)>,
}

impl Recovery {
    /// A recovery in the name of a person.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, witness: Witness, by: String) -> Self {
        Self { store, witness, by }
    }

    /// Looks at everything.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn survey(&self) -> Result<Survey, StoreError> {
        let mut held = Vec::new();
        for execution in self.store.held().await? {
            let known = self.known_of(&execution).await;
            held.push((execution, known));
        }
        let mut strangers = Vec::new();
        for stranger in self.store.strangers().await? {
            let known = self.known_of_name(&stranger.name).await;
            strangers.push((stranger, known));
        }
        Ok(Survey {
            hold: self.store.hold().await?,
            held,
            strangers,
        })
    }

    /// The ids of what is held.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn held(&self) -> Result<Vec<ExecutionId>, StoreError> {
        let held = self.store.held().await?;
        Ok(held.iter().map(|execution| execution.id).collect())
    }

    /// Whether no hold is in force.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_over(&self) -> Result<bool, StoreError> {
        Ok(self.store.hold().await?.is_none())
    }

    /// Lets one go on.
    ///
    /// # Errors
    /// It is not held, or those of the store.
    pub async fn release(&self, id: ExecutionId) -> Result<(), StoreError> {
        let entry = self.entry("execution.release", id.to_string());
        self.store.release(id, entry).await.map(drop)
    }

    /// Ends one, and its log.
    ///
    /// # Errors
    /// It is not held, or those of the store.
    pub async fn fail(&self, id: ExecutionId) -> Result<(), StoreError> {
        let reason = format!("not started again after a restore, as {} decided", self.by);
        let entry = self.entry("execution.fail", id.to_string());
        let failed = self.store.fail_held(id, &reason, entry).await?;
        self.close_log(&failed, reason).await
    }

    /// Ends the hold.
    ///
    /// # Errors
    /// Something is held still, or those of the store.
    pub async fn end(&self) -> Result<(), StoreError> {
        let entry = self.entry("hold.end", String::new());
        self.store.end_hold(entry).await
    }

    /// Nothing ran, so nothing is to come. Whoever acts for it closes it as well, and may be first.
    async fn close_log(&self, failed: &Execution, reason: String) -> Result<(), StoreError> {
        let end = LogEnd {
            status: failed.status(),
            exit_code: None,
            signal: None,
            reason: Some(reason),
            bytes: self.store.log_tail(failed.id).await?.offset,
            log_complete: true,
        };
        match self.store.finish_log(failed.id, failed.fence, end).await {
            Err(StoreError::FenceLost(_)) => Ok(()),
            closed => closed,
        }
    }

    async fn known_of(&self, execution: &Execution) -> Known {
        let kind = self.witness.runner.kind();
        if execution.runner != kind {
            let other = execution.runner;
            return Known::Unasked(format!("it is for the {other} runner, and here is {kind}"));
        }
        if kind == RunnerKind::Local && execution.host != self.witness.host {
            let host = execution.host.as_deref().unwrap_or_default();
            return Known::Unasked(format!("it belongs to host {host}"));
        }
        self.known_of_name(&execution.name).await
    }

    async fn known_of_name(&self, name: &ExecutionName) -> Known {
        match self.witness.runner.look(name).await {
            Ok(None) => Known::Nothing,
            Ok(Some(held)) => Known::Stage(held.stage),
            Err(error) => Known::Unasked(chain(&error)),
        }
    }

    fn entry(&self, action: &'static str, target: String) -> AuditEntry {
        AuditEntry {
            who: self.by.clone(),
            action,
            target,
            source: "proctord recover".to_owned(),
            result: AuditResult::Done,
            request_id: String::new(),
        }
    }
}
