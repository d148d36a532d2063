//! Keeps one process of a plugin running and hands calls to it.

use std::collections::HashMap;
use std::time::Duration;

use proctor_plugin::Entry;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info};

use super::super::choice::choose;
use super::super::frame::{self, Answer, Message, Request};
use super::super::{PluginError, Spec};
use super::running::Running;
use crate::telemetry::chain;

/// Before the first start after an end, and the most between two.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What has run for so long was no failed start.
const STEADY: Duration = Duration::from_secs(60);

/// A call, and where its answer goes.
pub(in crate::plugins) struct Call {
    pub(in crate::plugins) method: &'static str,
    pub(in crate::plugins) request: Box<RawValue>,
    pub(in crate::plugins) deadline: Instant,
    pub(in crate::plugins) reply: oneshot::Sender<Result<Box<RawValue>, PluginError>>,
}

/// Keeps a process running.
pub(in crate::plugins) struct Supervisor {
    spec: Spec,
    name: String,
    running: Option<Running>,
}

/// Why a process is of no use any more.
struct Broken(String);

/// Calls that were handed over and not answered, by their numbers.
#[derive(Default)]
struct Pending {
    next: u64,
    calls: HashMap<u64, Call>,
}

impl Supervisor {
    /// Starts the first process.
    pub(in crate::plugins) async fn start(spec: Spec) -> Result<(Self, Entry), PluginError> {
        let plugin = Some((spec.kind, spec.name.as_deref()));
        let (running, manifest) = Running::load(&spec.program, &spec.file, plugin).await?;
        let entry = choose(&manifest, spec.kind, spec.name.as_deref());
        let entry = entry.cloned().map_err(|why| PluginError::Unusable {
            file: spec.file.clone(),
            why,
        })?;
        let supervisor = Self {
            name: entry.name.clone(),
            spec,
            running: Some(running),
        };
        Ok((supervisor, entry))
    }

    /// Hands over calls until nobody is left who could make one.
    pub(in crate::plugins) async fn run(mut self, mut queue: mpsc::Receiver<Call>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(mut running) = self.running.take() else {
                if self
                    .wait_away(&mut queue, Instant::now() + pause)
                    .await
                    .is_none()
                {
                    return;
                }
                self.start_again().await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            };
            let began = Instant::now();
            let mut pending = Pending::default();
            let served = self.serve(&mut running, &mut queue, &mut pending).await;
            let ended = running.end().await;
            let Err(Broken(why)) = served else {
                return;
            };
            let how = format!("{why}; its process {ended}");
            error!(
                plugin = self.name,
                how, "a plugin broke down and is started again"
            );
            for call in pending.calls.into_values() {
                self.answer(call, |plugin, method| PluginError::Crashed {
                    plugin,
                    method,
                    how: how.clone(),
                });
            }
            if began.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
        }
    }

    async fn start_again(&mut self) {
        let spec = &self.spec;
        let plugin = Some((spec.kind, spec.name.as_deref()));
        match Running::load(&spec.program, &spec.file, plugin).await {
            Ok((running, _)) => {
                info!(plugin = self.name, "a plugin is there again");
                self.running = Some(running);
            }
            Err(error) => error!(error = chain(&error), "a plugin is still not there"),
        }
    }

    /// Refuses calls until a moment; `None` when there is nobody left to call.
    async fn wait_away(&self, queue: &mut mpsc::Receiver<Call>, until: Instant) -> Option<()> {
        loop {
            tokio::select! {
                () = sleep_until(until) => return Some(()),
                call = queue.recv() => {
                    self.answer(call?, |plugin, _| PluginError::Away { plugin });
                }
            }
        }
    }

    /// Hands over calls until nobody is left to call, or the process is of no use any more.
    async fn serve(
        &self,
        running: &mut Running,
        queue: &mut mpsc::Receiver<Call>,
        pending: &mut Pending,
    ) -> Result<(), Broken> {
        let (answers, mut answered) = mpsc::channel(1);
        let (from, to) = (&mut running.from, &mut running.to);
        // Reading goes on by itself: a message that was begun must not be given up.
        let reading = async {
            loop {
                let message = frame::receive::<Message>(from).await;
                let goes_on = matches!(message, Ok(Some(_)));
                if answers.send(message).await.is_err() || !goes_on {
                    std::future::pending::<()>().await;
                }
            }
        };
        let handing = async {
            loop {
                let overdue = pending.calls.values().map(|call| call.deadline).min();
                tokio::select! {
                    message = answered.recv() => match message {
                        Some(Ok(Some(message))) => self.take(message, pending)?,
                        Some(Err(error)) => return Err(Broken(format!("it cannot be understood: {error}"))),
                        Some(Ok(None)) | None => return Err(Broken("it let go".to_owned())),
                    },
                    call = queue.recv() => match call {
                        None => return Ok(()),
                        Some(call) => {
                            let bytes = pending.begin(call).map_err(|error| Broken(error.to_string()))?;
                            if let Some(bytes) = bytes {
                                let written = to.write_all(&bytes).await;
                                written.map_err(|error| Broken(error.to_string()))?;
                            }
                        }
                    },
                    () = until(overdue), if overdue.is_some() => {
                        self.give_up_overdue(pending);
                        return Err(Broken("a call took too long".to_owned()));
                    }
                }
            }
        };
        tokio::select! {
            () = reading => Ok(()),
            handed = handing => handed,
        }
    }

    fn take(&self, message: Message, pending: &mut Pending) -> Result<(), Broken> {
        let Message::Answer { number, answer } = message else {
            return Err(Broken(format!("it said {message:?} in the middle")));
        };
        let Some(call) = pending.calls.remove(&number) else {
            return Err(Broken(format!(
                "it answered call {number}, which nobody made"
            )));
        };
        match answer {
            // Whoever asked may have gone.
            Answer::Answered(answer) => drop(call.reply.send(Ok(answer))),
            Answer::Failed(message) => self.answer(call, |plugin, method| PluginError::Failed {
                plugin,
                method,
                message,
            }),
        }
        Ok(())
    }

    /// A call cannot be taken back: the process has to end, whatever else it does at the time.
    fn give_up_overdue(&self, pending: &mut Pending) {
        let now = Instant::now();
        let is_overdue = |_: &u64, call: &mut Call| call.deadline <= now;
        for (_, call) in pending.calls.extract_if(is_overdue) {
            let after = self.spec.deadline;
            self.answer(call, |plugin, method| PluginError::TimedOut {
                plugin,
                method,
                after,
            });
        }
    }

    fn answer(&self, call: Call, error: impl FnOnce(String, &'static str) -> PluginError) {
        // Whoever asked may have gone.
        let _ = call.reply.send(Err(error(self.name.clone(), call.method)));
    }
}

impl Pending {
    /// Notes a call; what is to be sent, unless nobody waits for it any more.
    fn begin(&mut self, call: Call) -> std::io::Result<Option<Vec<u8>>> {
        if call.reply.is_closed() {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        let bytes = frame::encode(&Request {
            number,
            method: call.method.to_owned(),
            request: call.request.clone(),
        })?;
        self.calls.insert(number, call);
        Ok(Some(bytes))
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
