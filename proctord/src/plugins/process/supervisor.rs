//! Keeps one process of a plugin running and hands calls to it. A call waits for nothing but its answer: while there
//! is no process it is refused at once.

use std::sync::Arc;
use std::time::Duration;

use proctor_plugin::Entry;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{error, info};

use super::super::choice::choose;
use super::super::frame::{self, Answer, Message};
use super::super::health::Health;
use super::super::{Contents, PluginError, Spec};
use super::pending::{Call, Pending};
use super::running::Running;
use crate::telemetry::chain;

/// Before the first start after an end, and the most between two.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What has run for so long was no failed start.
const STEADY: Duration = Duration::from_secs(60);

/// To be loaded and made may take so many times as long as a call.
const DEADLINES_OF_A_START: u32 = 4;

/// Keeps a process running.
pub(in crate::plugins) struct Supervisor {
    spec: Spec,
    name: String,
    health: Arc<Health>,
}

/// Why a process is of no use any more.
struct Broken(String);

impl Supervisor {
    /// Starts the first process.
    pub(in crate::plugins) async fn start(
        spec: Spec,
        health: Arc<Health>,
    ) -> Result<(Self, Running, Entry), PluginError> {
        let (running, contents) = load(&spec).await?;
        let entry = choose(&contents.manifest, spec.kind, spec.name.as_deref());
        let entry = entry.cloned().map_err(|why| PluginError::Unusable {
            file: spec.file.clone(),
            why,
        })?;
        let name = entry.name.clone();
        let supervisor = Self { spec, name, health };
        Ok((supervisor, running, entry))
    }

    /// Hands over calls until nobody is left who could make one.
    pub(in crate::plugins) async fn run(
        self,
        mut running: Running,
        mut queue: mpsc::Receiver<Call>,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let mut pending = Pending::new(self.spec.deadline);
            let served = self.serve(&mut running, &mut queue, &mut pending).await;
            let Err(Broken(why)) = served else {
                return running.close().await;
            };
            self.health.went_away();
            let Some(ended) = self.refusing(&mut queue, running.end()).await else {
                return;
            };
            self.broke_down(&format!("{why}; its process {ended}"), pending);
            if began.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            let again = self.start_again(&mut pause);
            let Some(again) = self.refusing(&mut queue, again).await else {
                return;
            };
            running = again;
            self.health.came_back();
        }
    }

    fn broke_down(&self, how: &str, pending: Pending) {
        error!(
            plugin = self.name,
            how, "a plugin broke down and is started again"
        );
        for call in pending.into_rest() {
            self.fail(call, |plugin, method| PluginError::Crashed {
                plugin,
                method,
                how: how.to_owned(),
            });
        }
    }

    /// Tries until it is there, each time a little later.
    async fn start_again(&self, pause: &mut Duration) -> Running {
        loop {
            sleep(*pause).await;
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            match load(&self.spec).await {
                Ok((running, _)) => {
                    info!(plugin = self.name, "a plugin is there again");
                    return running;
                }
                Err(error) => error!(error = chain(&error), "a plugin is still not there"),
            }
        }
    }

    /// Refuses calls until something is done; `None` when there is nobody left to call.
    async fn refusing<T>(
        &self,
        queue: &mut mpsc::Receiver<Call>,
        done: impl Future<Output = T>,
    ) -> Option<T> {
        let mut done = std::pin::pin!(done);
        loop {
            tokio::select! {
                done = &mut done => return Some(done),
                call = queue.recv() => {
                    self.fail(call?, |plugin, _| PluginError::Away { plugin });
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
        let (messages, mut said) = mpsc::channel(1);
        let (child, from, to) = (&mut running.child, &mut running.from, &mut running.to);
        let handing = async {
            loop {
                tokio::select! {
                    message = said.recv() => self.take(message, pending)?,
                    call = queue.recv() => match call {
                        None => return Ok(()),
                        Some(call) => self.hand_over(call, pending, to).await?,
                    },
                    () = until(pending.deadline()) => return Err(self.give_up_overdue(pending)),
                }
            }
        };
        // Reading goes on by itself: a message that was begun must not be given up.
        tokio::select! {
            () = read_on(from, messages) => Ok(()),
            // Processes of its own could hold the socket open.
            _ = child.wait() => Err(Broken("it has gone".to_owned())),
            handed = handing => handed,
        }
    }

    /// A process that takes nothing is found out by the first call that is overdue.
    async fn hand_over(
        &self,
        call: Call,
        pending: &mut Pending,
        to: &mut OwnedWriteHalf,
    ) -> Result<(), Broken> {
        let began = pending.begin(call);
        let began = began.map_err(|error| Broken(format!("it cannot be spoken to: {error}")))?;
        let (Some(bytes), Some(deadline)) = (began, pending.deadline()) else {
            return Ok(());
        };
        match timeout_at(deadline, to.write_all(&bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Broken(format!("it cannot be spoken to: {error}"))),
            Err(_) => Err(self.give_up_overdue(pending)),
        }
    }

    fn take(
        &self,
        message: Option<std::io::Result<Option<Message>>>,
        pending: &mut Pending,
    ) -> Result<(), Broken> {
        let (number, answer) = match message {
            Some(Ok(Some(Message::Answer { number, answer }))) => (number, answer),
            Some(Ok(Some(other))) => {
                let word = other.word();
                return Err(Broken(format!("it said {word} in the middle")));
            }
            Some(Err(error)) => return Err(Broken(format!("it cannot be understood: {error}"))),
            Some(Ok(None)) | None => return Err(Broken("it let go".to_owned())),
        };
        let Some(call) = pending.answered(number) else {
            let why = format!("it answered call {number}, which nobody made");
            return Err(Broken(why));
        };
        match answer {
            Answer::Answered(answer) => call.end(Ok(answer)),
            Answer::Failed(message) => self.fail(call, |plugin, method| PluginError::Failed {
                plugin,
                method,
                message,
            }),
        }
        Ok(())
    }

    /// A call cannot be taken back: the process has to end, whatever else it does at the time.
    fn give_up_overdue(&self, pending: &mut Pending) -> Broken {
        let after = self.spec.deadline;
        for call in pending.overdue() {
            self.fail(call, |plugin, method| PluginError::TimedOut {
                plugin,
                method,
                after,
            });
        }
        Broken("a call took too long".to_owned())
    }

    fn fail(&self, call: Call, error: impl FnOnce(String, &'static str) -> PluginError) {
        let error = error(self.name.clone(), call.method);
        call.end(Err(error));
    }
}

async fn load(spec: &Spec) -> Result<(Running, Contents), PluginError> {
    let plugin = Some((spec.kind, spec.name.as_deref()));
    let patience = spec.deadline * DEADLINES_OF_A_START;
    Running::load(&spec.program, &spec.file, plugin, patience).await
}

/// Passes on what comes, to the end; then it is for the others to see it.
async fn read_on(
    from: &mut OwnedReadHalf,
    messages: mpsc::Sender<std::io::Result<Option<Message>>>,
) {
    loop {
        let message = frame::receive(from).await;
        let goes_on = matches!(message, Ok(Some(_)));
        if messages.send(message).await.is_err() || !goes_on {
            std::future::pending::<()>().await;
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
