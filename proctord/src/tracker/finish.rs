//! What follows an execution's end: the rest of its log, and the end event that closes it.

use std::time::Duration;

use proctor_api::LogEnd;
use proctor_worker::failpoint;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::course::{Abandoned, Course};
use super::persist::{FIRST_PAUSE, LONGEST_PAUSE};
use super::secrets;
use crate::domain::lifecycle::Exit;
use crate::logs::pump::{self, Pump, Pumped};
use crate::store::StoreError;
use crate::telemetry::chain;

/// How long the end event waits for a silent upstream once the outcome is known.
const LOG_PATIENCE: Duration = Duration::from_secs(30);

/// A pump at work; dropping it ends the pump.
pub(super) struct RunningPump {
    task: AbortOnDropHandle<Result<Pumped, StoreError>>,
    deadline: watch::Sender<Option<Instant>>,
}

impl Course {
    /// Begins to move the execution's output into its log.
    pub(super) fn pump(&self) -> RunningPump {
        let (deadline, mut patience) = watch::channel(None);
        let tracker = self.tracker.clone();
        let execution = self.execution.clone();
        let task = self.tracker.inner.tasks.spawn(async move {
            let parts = &tracker.inner.parts;
            let secrets = tokio::select! {
                secrets = Box::pin(secrets::known(parts, &execution)) => secrets?,
                // Bytes that cannot be masked are not stored.
                () = pump::out_of_patience(&mut patience) => return Ok(Pumped::BROKEN),
            };
            let pump = Pump {
                logs: &parts.logs,
                store: parts.store.as_ref(),
                runner: parts.runner.as_ref(),
                execution: &execution,
                secrets: &secrets,
            };
            pump::run(pump, patience).await
        });
        RunningPump {
            task: AbortOnDropHandle::new(task),
            deadline,
        }
    }

    /// Waits for the rest of the log and closes it.
    pub(super) async fn finish_log(&mut self, pump: Option<RunningPump>) -> Result<(), Abandoned> {
        let pumped = match pump {
            pump if self.execution.is_given_up() => self.cut_off(pump).await,
            None => Pumped {
                bytes: 0,
                complete: true,
            },
            Some(pump) => {
                pump.deadline
                    .send_replace(Some(Instant::now() + LOG_PATIENCE));
                match pump.task.await {
                    Ok(Ok(pumped)) => pumped,
                    Ok(Err(_)) => return Err(Abandoned),
                    Err(error) => {
                        warn!(execution.id = %self.execution.id, error = %error, "the log's pump broke");
                        Pumped::BROKEN
                    }
                }
            }
        };
        failpoint::hit("finish.pumped");
        self.close_log(pumped).await?;
        failpoint::hit("finish.closed");
        Ok(())
    }

    /// Ends the pump of what was given up. It may run and write for ever, and nobody waits for that.
    pub(super) async fn cut_off(&self, pump: Option<RunningPump>) -> Pumped {
        drop(pump);
        match self.parts().store.log_tail(self.execution.id).await {
            Ok(tail) => Pumped {
                bytes: tail.offset,
                complete: false,
            },
            // Closing it tells what is wrong.
            Err(_) => Pumped::BROKEN,
        }
    }

    pub(super) async fn close_log(&self, pumped: Pumped) -> Result<(), Abandoned> {
        let mut end = self.log_end(pumped);
        let mut pause = FIRST_PAUSE;
        let id = self.execution.id;
        loop {
            let error = match self
                .parts()
                .logs
                .finish(id, self.execution.fence, end.clone())
                .await
            {
                Ok(()) => return Ok(()),
                Err(StoreError::FenceLost(_) | StoreError::NotFound(_)) => return Err(Abandoned),
                Err(error) => error,
            };
            if matches!(error, StoreError::LogDiscontinuous { .. }) {
                // The pump broke off: what is stored is what there is.
                match self.parts().store.log_tail(id).await {
                    Ok(tail) => end.bytes = tail.offset,
                    Err(error) => {
                        warn!(execution.id = %id, error = chain(&error), "its log's end is unknown")
                    }
                }
            }
            if pause == FIRST_PAUSE {
                warn!(execution.id = %id, error = chain(&error), "the log's end waits for the store");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn log_end(&self, pumped: Pumped) -> LogEnd {
        let exit = self.execution.state.ending().and_then(|ending| ending.exit);
        LogEnd {
            status: self.execution.status(),
            exit_code: exit.and_then(Exit::code),
            signal: exit.and_then(Exit::signal),
            reason: self.execution.state.reason().map(ToOwned::to_owned),
            bytes: pumped.bytes,
            log_complete: pumped.complete,
        }
    }
}
