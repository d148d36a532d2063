//! The Kubernetes runner: each execution is a Job that bears the execution's name, created suspended and let run
//! only after its uid has been stored. What becomes of it is learnt from one pair of watches per namespace, never
//! by asking for a single Job over and over.

mod away;
pub mod client;
mod doubt;
pub mod follow;
mod handle;
mod holdings;
mod home;
pub mod judge;
pub mod labels;
mod launch;
pub mod logs;
mod manifest;
mod rights;
pub mod seen;
mod settings;
mod stage;
mod stop;
pub mod watches;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Found, Held, Launch, LaunchError, Output, Prepared, RunEvent, Runner, RunnerError, Source,
};
use crate::domain::execution::{Execution, Plan, RunnerKind};
use crate::domain::lifecycle::Cause;
use crate::domain::name::ExecutionName;
use away::{follow_when_here, until_here};
use client::{Cluster, ClusterError, Fault};
use follow::{Followed, follow};
use home::{Away, Home};
use judge::{Expected, Verdict, judge};
use launch::Launcher;
use logs::{KubernetesOutput, Opening, Patience, Streams};
use rights::Rights;
use seen::Seen;
use watches::Watches;

pub use settings::{Access, KubernetesSettings};

const READING: &str = "read the output of";

/// Runs executions on a cluster.
pub struct KubernetesRunner {
    cluster: Cluster,
    settings: KubernetesSettings,
    rights: Rights,
    begun: OnceLock<Begun>,
}

/// What there is once it is known for which installation.
struct Begun {
    installation: Uuid,
    watches: Watches,
    home: Arc<Home>,
}

/// Nothing can be told from what others have on the cluster before the store has been reached.
#[derive(Debug, Clone, Copy, Error)]
#[error("it is not known yet which installation this is")]
struct NotBegun;

impl KubernetesRunner {
    /// A runner on the cluster that is configured. The cluster need not be there.
    ///
    /// # Errors
    /// The configuration names no cluster.
    pub async fn open(settings: KubernetesSettings) -> Result<Self, ClusterError> {
        let cluster = Cluster::open(settings.access.clone(), settings.namespace.clone()).await?;
        Ok(Self {
            cluster,
            settings,
            rights: Rights::new(),
            begun: OnceLock::new(),
        })
    }

    /// Begins to look at what this installation has on the cluster. Before it, nothing else can be done; a second
    /// time, nothing happens.
    pub fn begin(&self, installation: Uuid) {
        self.begun.get_or_init(|| Begun {
            installation,
            watches: Watches::open(&self.cluster, installation),
            home: Arc::new(Home::open(&self.cluster)),
        });
    }

    /// The namespace that everything is in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.cluster.namespace()
    }

    fn begun(&self, doing: &'static str, what: &impl ToString) -> Result<&Begun, RunnerError> {
        let failed = || failed(doing, what, NotBegun);
        self.begun.get().ok_or_else(failed)
    }

    /// The same failure for the tracker; one of rights has them looked at.
    fn failure(
        &self,
        doing: &'static str,
        what: &impl ToString,
    ) -> impl FnOnce(ClusterError) -> RunnerError {
        move |error| {
            if matches!(error.fault, Fault::Forbidden { .. }) {
                self.rights.doubt();
            }
            failed(doing, what, error)
        }
    }
}

impl KubernetesRunner {
    /// What is looked after, once it is certain that the execution's Job is here if it is anywhere.
    async fn at_home(
        &self,
        doing: &'static str,
        execution: &Execution,
    ) -> Result<&Begun, RunnerError> {
        let begun = self.begun(doing, &execution.name)?;
        match begun.home.find(execution).await {
            Ok(()) => Ok(begun),
            Err(Away::Unknown(error)) => Err(self.failure(doing, &execution.name)(error)),
            Err(away @ Away::Elsewhere(_)) => Err(failed(doing, &execution.name, away)),
        }
    }

    fn followed(&self, begun: &Begun, execution: &Execution) -> Followed {
        Followed {
            name: execution.name.clone(),
            expected: Expected::of(execution),
            start_patience: self.settings.start_patience,
            labels: labels::of(execution, begun.installation),
            waits: execution.waiting.clone(),
        }
    }
}

#[async_trait]
impl Runner for KubernetesRunner {
    fn kind(&self) -> RunnerKind {
        RunnerKind::Kubernetes
    }

    fn refusal(&self, plan: &Plan) -> Option<String> {
        plan.image
            .is_empty()
            .then(|| "needs an image: the kubernetes runner runs nothing else".to_owned())
    }

    async fn prepare(&self, launch: Launch<'_>) -> Result<Box<dyn Prepared>, LaunchError> {
        let execution = launch.execution;
        let begun = self.at_home("prepare", execution).await;
        let begun = begun.map_err(|error| LaunchError::Unavailable {
            kind: error.kind,
            execution: error.execution,
            source: error.source,
        })?;
        let launcher = Launcher {
            cluster: &self.cluster,
            settings: &self.settings,
            installation: begun.installation,
            home: &begun.home,
        };
        match launcher.place(&launch).await {
            Ok(prepared) => Ok(Box::new(prepared)),
            Err(error) => {
                if launch::is_forbidden(&error) {
                    self.rights.doubt();
                }
                Err(error)
            }
        }
    }

    async fn inspect(&self, execution: &Execution) -> Result<Found, RunnerError> {
        let begun = self.at_home("find", execution).await?;
        let found = self.cluster.job(execution.name.as_str()).await;
        let found = found.map_err(self.failure("find", &execution.name))?;
        Ok(match found {
            Some(job) if launch::may_be_let_run(&job, execution, begun.installation) => {
                Found::NotStarted
            }
            // It was there when it was created: who deleted it took the proof that it never ran.
            Some(_) | None => Found::Started,
        })
    }

    async fn watch(&self, execution: &Execution) -> Result<mpsc::Receiver<RunEvent>, RunnerError> {
        let begun = self.begun("watch", &execution.name)?;
        let seen = begun.watches.subscribe(&execution.name);
        let (cluster, followed) = (self.cluster.clone(), self.followed(begun, execution));
        if begun.home.is_certain(execution) {
            return Ok(follow(cluster, followed, seen));
        }
        let follow = move |waits| follow(cluster, Followed { waits, ..followed }, seen);
        let home = Arc::clone(&begun.home);
        Ok(follow_when_here(home, execution.clone(), follow))
    }

    async fn stop(&self, execution: &Execution, grace: Duration) -> Result<(), RunnerError> {
        let begun = self.at_home("stop", execution).await?;
        stop::stop(&self.cluster, execution, begun.installation, grace)
            .await
            .map_err(self.failure("stop", &execution.name))
    }

    async fn output(
        &self,
        execution: &Execution,
        cursor: Option<String>,
    ) -> Result<Box<dyn Output>, RunnerError> {
        let begun = self.begun(READING, &execution.name)?;
        until_here(&begun.home, execution, None).await;
        let expected = Expected::of(execution);
        let opening = Opening {
            execution: execution.name.clone(),
            job: expected.uid.clone(),
            has_run: execution.state.started_at().is_some(),
            streams: streams(&self.cluster),
            namespace: self.cluster.namespace().to_owned(),
            seen: begun.watches.subscribe(&execution.name),
            is_final: Arc::new(move |seen| is_final(&expected, seen)),
            spill: self.settings.spill.clone(),
            patience: Patience::default(),
        };
        match KubernetesOutput::open(opening, cursor.as_deref()) {
            Ok(output) => Ok(Box::new(output)),
            Err(error) => Err(failed(READING, &execution.name, error)),
        }
    }

    async fn held(&self) -> Result<Vec<Held>, RunnerError> {
        let begun = self.begun("list", &"its Jobs")?;
        holdings::held(&self.cluster, &begun.home, begun.installation)
            .await
            .map_err(self.failure("list", &"its Jobs"))
    }

    async fn look(&self, name: &ExecutionName) -> Result<Option<Held>, RunnerError> {
        let begun = self.begun("find", name)?;
        holdings::look(&self.cluster, &begun.home, name, begun.installation)
            .await
            .map_err(self.failure("find", name))
    }

    async fn discard(&self, held: &Held) -> Result<(), RunnerError> {
        let begun = self.begun("discard", &held.name)?;
        holdings::discard(&self.cluster, held, begun.installation)
            .await
            .map_err(self.failure("discard", &held.name))
    }

    async fn check(&self) -> Result<(), RunnerError> {
        let failure = || self.failure("reach", &"the cluster");
        self.cluster.check().await.map_err(failure())?;
        self.rights.look(&self.cluster).await.map_err(failure())?;
        let Some(begun) = self.begun.get() else {
            return Ok(());
        };
        begun.home.check().map_err(failure())?;
        let watched = begun.watches.health().check();
        watched.map_err(|error| failed("watch", &"the cluster", error))
    }
}

/// Whether no more output can come. A Job that has never been shown may only not have been shown yet.
fn is_final(expected: &Expected, seen: &Seen) -> bool {
    match judge(expected, seen, Timestamp::now()) {
        Verdict::Ended(end) if end.cause == Cause::Gone => seen.departed_job.is_some(),
        verdict => matches!(verdict, Verdict::Ended(_)),
    }
}

/// A client for each stream, by the login that holds then.
fn streams(cluster: &Cluster) -> Streams {
    let cluster = cluster.clone();
    Arc::new(move || {
        let cluster = cluster.clone();
        Box::pin(async move { cluster.streams().await })
    })
}

/// What a failure of this runner is called before its users, if it is one.
pub(super) fn in_public(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<ClusterError>() {
        return Some(error.in_public());
    }
    if error.is::<NotBegun>() {
        return Some("proctord has only just started".to_owned());
    }
    error.downcast_ref::<Away>().map(Away::in_public)
}

fn failed(doing: &'static str, what: &impl ToString, source: impl Into<Source>) -> RunnerError {
    RunnerError {
        kind: RunnerKind::Kubernetes,
        doing,
        execution: what.to_string(),
        source: source.into(),
    }
}
