//! Plugins: dynamic libraries of others, each loaded in a process of its own, so that whatever one does costs that
//! process alone. This module owns how they are found, started, called and started again; what their answers mean is
//! for those who ask. The interface is that of the crate `proctor-plugin`.

mod choice;
mod error;
mod frame;
pub mod host;
mod library;
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proctor_plugin::{Entry, Kind, Manifest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub use error::PluginError;

use process::{Call, Supervisor};

/// Calls of one plugin at a time; more wait for their turn, as long as their deadline lets them.
const CALLS_AT_A_TIME: usize = 16;

/// Which plugin, and how it is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The library.
    pub file: PathBuf,
    /// Which of its plugins; without a name the only one of the kind.
    pub name: Option<String>,
    pub kind: Kind,
    /// How long a call may take.
    pub deadline: Duration,
    /// The binary that loads it: proctord itself.
    pub program: PathBuf,
}

/// A plugin that runs. The process ends when the last of these is dropped.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    spec: Spec,
    entry: Entry,
    turns: Semaphore,
    calls: mpsc::Sender<Call>,
    _supervisor: JoinSet<()>,
}

impl Plugin {
    /// Starts a plugin and waits until it is there.
    ///
    /// # Errors
    /// It cannot be loaded, or the library has no such plugin; names the file.
    pub async fn start(spec: Spec) -> Result<Self, PluginError> {
        let (supervisor, entry) = Supervisor::start(spec.clone()).await?;
        let (calls, queue) = mpsc::channel(CALLS_AT_A_TIME);
        let mut tasks = JoinSet::new();
        tasks.spawn(supervisor.run(queue));
        Ok(Self {
            inner: Arc::new(Inner {
                spec,
                entry,
                turns: Semaphore::new(CALLS_AT_A_TIME),
                calls,
                _supervisor: tasks,
            }),
        })
    }

    /// What a library says of itself, without anything in it being made.
    ///
    /// # Errors
    /// It cannot be loaded; names the file.
    pub async fn manifest(program: PathBuf, file: PathBuf) -> Result<Manifest, PluginError> {
        process::manifest(&program, &file).await
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

    /// Calls a method, within the deadline of the plugin.
    ///
    /// # Errors
    /// The plugin says that it failed, or there is no answer that can be used; names the plugin.
    pub async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: &'static str,
        request: &Q,
    ) -> Result<A, PluginError> {
        let inner = &self.inner;
        let deadline = Instant::now() + inner.spec.deadline;
        let late = || PluginError::TimedOut {
            plugin: inner.entry.name.clone(),
            method,
            after: inner.spec.deadline,
        };
        let garbled = |source| PluginError::Garbled {
            plugin: inner.entry.name.clone(),
            method,
            source,
        };
        let request = serde_json::value::to_raw_value(request).map_err(garbled)?;
        // The semaphore is never closed.
        let _turn = timeout_at(deadline, inner.turns.acquire())
            .await
            .map_err(|_| late())?;
        let (reply, answer) = oneshot::channel();
        let call = Call {
            method,
            request,
            deadline,
            reply,
        };
        let ended = || PluginError::Away {
            plugin: inner.entry.name.clone(),
        };
        inner.calls.send(call).await.map_err(|_| ended())?;
        // Whoever holds the call keeps to its deadline.
        let answer = answer.await.map_err(|_| ended())??;
        serde_json::from_str(answer.get()).map_err(garbled)
    }
}
