//! Plugins: dynamic libraries of others, each loaded in a process of its own, so that whatever one does costs that
//! process alone. This module owns how they are found, started, called and started again; what their answers mean is
//! for those who ask. The interface is that of the crate `proctor-plugin`.

mod choice;
mod contents;
mod environment;
mod error;
mod frame;
mod health;
pub mod host;
mod library;
mod process;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proctor_plugin::{Entry, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

pub use contents::{Contents, word};
pub use error::PluginError;

use frame::LIMIT;
use health::Health;
use process::{Call, Supervisor};

/// Calls of one plugin at a time; more wait for their turn, as long as a call may take.
const CALLS_AT_A_TIME: usize = 16;

/// Which plugin, and how it is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The library.
    pub file: PathBuf,
    /// Which of its plugins; without a name the only one of the kind.
    pub name: Option<String>,
    pub kind: Kind,
    /// How long a call may take, and how long it may wait for its turn before that. To be loaded and made it may take four times as long.
    pub deadline: Duration,
    /// The binary that loads it: proctord itself, as [`this_program`] says.
    pub program: PathBuf,
}

/// The binary that runs now, even if another one has been put in its place since.
#[must_use]
pub fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// What is in a library, without anything in it being made.
///
/// # Errors
/// It cannot be loaded; names the file.
pub async fn contents(program: &Path, file: &Path) -> Result<Contents, PluginError> {
    process::contents(program, file).await
}

/// A plugin that runs. The process ends when the last of these is dropped.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    spec: Spec,
    entry: Entry,
    health: Arc<Health>,
    turns: Arc<Semaphore>,
    calls: mpsc::Sender<Call>,
    supervisor: JoinSet<()>,
}

impl Plugin {
    /// Starts a plugin and waits until it is there.
    ///
    /// # Errors
    /// It cannot be loaded, or the library has no such plugin; names the file.
    pub async fn start(spec: Spec) -> Result<Self, PluginError> {
        let health = Arc::new(Health::default());
        let starting = Supervisor::start(spec.clone(), Arc::clone(&health));
        let (supervisor, running, entry) = starting.await?;
        let (calls, queue) = mpsc::channel(CALLS_AT_A_TIME);
        let mut tasks = JoinSet::new();
        tasks.spawn(supervisor.run(running, queue));
        Ok(Self {
            inner: Arc::new(Inner {
                spec,
                entry,
                health,
                turns: Arc::new(Semaphore::new(CALLS_AT_A_TIME)),
                calls,
                supervisor: tasks,
            }),
        })
    }

    /// The name by which the library knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.entry.name
    }

    /// Whether it says that it has this method.
    #[must_use]
    pub fn has(&self, method: &str) -> bool {
        self.inner.entry.methods.iter().any(|known| known == method)
    }

    /// Whether it has broken down and is not back yet: calls are refused meanwhile.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.inner.health.is_away()
    }

    /// How often it has been started again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.inner.health.restarts()
    }

    /// Ends it in good order, so that nothing is lost of what it has to say; while others can still call it, it is
    /// left to them.
    pub async fn stop(self) {
        if let Some(inner) = Arc::into_inner(self.inner) {
            drop(inner.calls);
            inner.supervisor.join_all().await;
        }
    }

    /// Calls a method, within the deadline of the plugin.
    ///
    /// # Errors
    /// The plugin says that it failed, or there is no answer that can be used; names the plugin.
    pub async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: &'static str,
        request: &Q,
    ) -> Result<A, PluginError> {
        let plugin = || self.name().to_owned();
        let garbled = |source| PluginError::Garbled {
            plugin: plugin(),
            method,
            source,
        };
        let request = serde_json::value::to_raw_value(request).map_err(garbled)?;
        let length = request.get().len();
        if length > LIMIT {
            return Err(PluginError::TooLong {
                plugin: plugin(),
                method,
                length,
            });
        }
        let turn = self.wait_for(&self.inner.turns, method).await?;
        let after = self.inner.spec.deadline;
        // It counts from here on: what others have taken of the time is not the plugin's fault.
        let deadline = Instant::now() + after;
        let answer = timeout_at(deadline, self.inner.ask(method, request, deadline, turn)).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(PluginError::TimedOut {
                plugin: plugin(),
                method,
                after,
            })
        })?;
        serde_json::from_str(answer.get()).map_err(garbled)
    }

    /// A turn among those who want to call a method, for as long as a call may take.
    ///
    /// # Errors
    /// It does not come.
    pub async fn wait_for(
        &self,
        turns: &Arc<Semaphore>,
        method: &'static str,
    ) -> Result<OwnedSemaphorePermit, PluginError> {
        let after = self.inner.spec.deadline;
        let turn = timeout(after, Arc::clone(turns).acquire_owned()).await;
        // None of them is closed while somebody can call.
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| PluginError::Busy {
                plugin: self.name().to_owned(),
                method,
                after,
            })
    }
}

impl Inner {
    async fn ask(
        &self,
        method: &'static str,
        request: Box<RawValue>,
        deadline: Instant,
        turn: OwnedSemaphorePermit,
    ) -> Result<Box<RawValue>, PluginError> {
        // The queue is not closed while somebody can call.
        let ended = || PluginError::Away {
            plugin: self.entry.name.clone(),
        };
        let (reply, answer) = oneshot::channel();
        let call = Call {
            method,
            request,
            deadline,
            reply,
            _turn: turn,
        };
        self.calls.send(call).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}
