//! The launch of one execution, in the order that lets it run at most once: put in place, store CREATED,
//! only then start.

use std::time::Duration;

use jiff::Timestamp;
use proctor_api::Status;
use proctor_worker::failpoint;
use secrecy::ExposeSecret;
use tracing::warn;

use super::course::{Abandoned, Course, Left};
use super::persist::{FIRST_PAUSE, LONGEST_PAUSE};
use super::secrets::{self, SecretsError};
use super::trouble::Trouble;
use crate::catalog::CatalogError;
use crate::domain::environment::{self, Secrets};
use crate::domain::lifecycle::Event;
use crate::runner::{Found, Launch, LaunchError, Prepared, RunnerError};
use crate::telemetry::chain;

/// Why nothing that was accepted before is launched yet.
const NOT_COMPARED: &str = "what runs has not been compared with what is stored yet";

/// What one try came to.
pub(super) enum Try {
    /// The launch is over: it runs, it was refused, or it was stopped before.
    Settled,
    /// It did not come about.
    Again(Trouble),
    /// It is held: it waits for somebody to let it go on.
    Held,
    /// It may have come about: giving it up would tell of a run that it never was.
    Unknown(Trouble),
}

impl Course {
    /// Launches the execution unless it is launched already. Returns when it runs or will not.
    pub(super) async fn launch(&mut self) -> Result<(), Left> {
        if matches!(self.execution.status(), Status::Running) || self.execution.is_over() {
            return Ok(());
        }
        let mut pause = FIRST_PAUSE;
        let mut told = None;
        loop {
            self.hear_of_stop();
            if self.execution.is_over() {
                return Ok(());
            }
            let (trouble, may_run) = match self.try_to_launch().await? {
                Try::Settled => return Ok(self.wait_no_longer_for(told).await?),
                Try::Held => {
                    self.wait_no_longer_for(told.take()).await?;
                    self.wait_for_release().await?;
                    if self.is_queued() {
                        return Err(Left::Queued);
                    }
                    if self.execution.is_over() {
                        return Ok(());
                    }
                    pause = FIRST_PAUSE;
                    continue;
                }
                Try::Again(trouble) => (trouble, false),
                Try::Unknown(trouble) => (trouble, true),
            };
            let words = Some(trouble.words);
            if told != words {
                warn!(execution.id = %self.execution.id, error = trouble.cause, "the launch is tried again");
            }
            self.note_if_new(words.clone()).await?;
            told = words;
            let is_late = self.execution.status() != Status::Queued
                && Timestamp::now() > self.execution.start_before;
            if is_late && !may_run && self.call_off().await.is_ok() {
                let reason = format!("not launched in time: {}", trouble.cause);
                return Ok(self.persist(Event::FailCreation { reason }, None).await?);
            }
            // A stop that comes meanwhile is seen at the next try.
            let _ = tokio::time::timeout(pause, self.stop.changed()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What was told that it waits for is over, unless something else has been told since.
    async fn wait_no_longer_for(&mut self, told: Option<String>) -> Result<(), Abandoned> {
        if told.is_some() && self.execution.waiting == told && !self.execution.is_over() {
            self.note_waiting(None).await?;
        }
        Ok(())
    }

    async fn try_to_launch(&mut self) -> Result<Try, Abandoned> {
        if self.execution.held {
            return self.look_at_held().await;
        }
        let created_before = self.execution.status() == Status::Created;
        if created_before {
            match self.parts().runner.inspect(&self.execution).await {
                Ok(Found::Started) => return Ok(Try::Settled),
                Ok(Found::NotStarted) => {}
                Err(error) => return Ok(Try::Unknown(error.into())),
            }
        }
        if self.stop_is_wanted() {
            return self.withdraw().await;
        }
        if !self.tracker.may_launch(&self.execution) {
            return Ok(Try::Unknown(NOT_COMPARED.into()));
        }
        let secrets = match self.secrets(created_before).await {
            Ok(secrets) => secrets,
            // No waiting makes them readable.
            Err(error) if error.is_damage() && !created_before => {
                let reason = chain(&error);
                self.persist(Event::FailCreation { reason }, None).await?;
                return Ok(Try::Settled);
            }
            Err(error) => return Ok(Try::Again(error.into())),
        };
        let sealed = match secrets::seal(self.parts(), &self.execution, &secrets) {
            Ok(sealed) => sealed,
            Err(error) => return Ok(Try::Again(error.into())),
        };
        let tracker = self.tracker.clone();
        // Held until the launch is over; the semaphore is never closed.
        let _turn = tracker.inner.launches.acquire().await;
        self.may_act().await;
        let prepared = match self.prepare(&secrets).await {
            Ok(prepared) => prepared,
            Err(LaunchError::Refused { reason }) => {
                self.persist(Event::FailCreation { reason }, None).await?;
                return Ok(Try::Settled);
            }
            // A store that was put back to an older state does not know; what runs is followed all the same.
            Err(LaunchError::Started { handle }) => {
                if !created_before {
                    self.persist_created(Event::Find, handle, sealed).await?;
                }
                return Ok(Try::Settled);
            }
            Err(error) => return Ok(Try::Again(error.into())),
        };
        failpoint::hit("launch.prepared");
        if created_before {
            // Nothing is stored that would be refused if it is held by now.
            self.reload().await?;
        } else {
            let handle = prepared.handle();
            self.persist_created(Event::Create, handle, sealed).await?;
            failpoint::hit("launch.created");
        }
        if self.execution.is_over() {
            return Ok(Try::Settled);
        }
        if self.execution.held {
            return Ok(Try::Held);
        }
        // The stop may have been stored while CREATED was: the row that came back tells.
        if self.stop_is_wanted() {
            drop(prepared);
            return self.withdraw().await;
        }
        self.may_act().await;
        let started = prepared.start().await;
        failpoint::hit("launch.started");
        Ok(match started {
            Ok(()) => Try::Settled,
            Err(error) => Try::Unknown(error.into()),
        })
    }

    pub(super) fn stop_is_wanted(&mut self) -> bool {
        self.hear_of_stop();
        self.execution.stop.is_some()
    }

    /// Ends what has not been started and is not to be any more.
    pub(super) async fn withdraw(&mut self) -> Result<Try, Abandoned> {
        if let Err(error) = self.call_off().await {
            return Ok(Try::Unknown(error.into()));
        }
        let at = Timestamp::now();
        self.persist(Event::Withdraw { at }, None).await?;
        Ok(Try::Settled)
    }

    /// Sees to it that nobody lets it run any more: whoever is late with that must not succeed after it is told to
    /// have ended.
    async fn call_off(&self) -> Result<(), RunnerError> {
        if self.execution.handle.is_none() {
            return Ok(());
        }
        self.may_act().await;
        let runner = &self.parts().runner;
        runner.stop(&self.execution, Duration::ZERO).await
    }

    /// What it is given now, or was given when CREATED was stored.
    pub(super) async fn secrets(&self, created_before: bool) -> Result<Secrets, SecretsError> {
        let parts = self.parts();
        if created_before {
            return Ok(secrets::given(parts, &self.execution)
                .await?
                .unwrap_or_default());
        }
        Ok(parts.catalog.secrets(&self.execution.proc_name).await?)
    }

    async fn prepare(&self, secrets: &Secrets) -> Result<Box<dyn Prepared>, LaunchError> {
        let parts = self.parts();
        let execution = &self.execution;
        let unavailable = |source: CatalogError| match source {
            // No waiting makes it readable.
            CatalogError::Damaged { .. } => LaunchError::Refused {
                reason: chain(&source),
            },
            source => LaunchError::Unavailable {
                kind: parts.runner.kind(),
                execution: execution.name.to_string(),
                source: Box::new(source),
            },
        };
        let unset = |name: &&crate::domain::name::VariableName| {
            secrets
                .get(*name)
                .is_none_or(|value| value.expose_secret().contains('\0'))
        };
        if let Some(name) = execution.plan.secret_names.iter().find(unset) {
            return Err(LaunchError::Refused {
                reason: format!("the secret {name} is not set"),
            });
        }
        let bundle = match &execution.plan.bundle {
            None => None,
            Some(digest) => match parts.catalog.bundle(digest).await.map_err(unavailable)? {
                Some(bundle) => Some(bundle),
                None => {
                    return Err(LaunchError::Refused {
                        reason: format!("the bundle {digest} is gone"),
                    });
                }
            },
        };
        let environment = environment::merge(execution, secrets);
        parts
            .runner
            .prepare(Launch {
                execution,
                environment,
                bundle,
            })
            .await
    }
}
