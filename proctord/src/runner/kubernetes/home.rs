//! Where this service has its Jobs, and whether an execution's Job is there at all: after a restart with another
//! namespace or another cluster it is not, and nothing that is seen or not seen here says anything of it. It looks at
//! the namespace alone; what becomes of Jobs is for others.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::client::{Cluster, ClusterError, Fault, Trouble};
use super::handle::{self, Handle};
use super::stage;
use crate::domain::execution::Execution;
use crate::telemetry::chain;

/// Between two looks at the namespace: it may be deleted and made anew while this runs.
const WHILE_KNOWN: Duration = Duration::from_secs(30);
const WHILE_NOT: Duration = Duration::from_secs(1);

/// How long somebody waits to be told what the namespace is.
const PATIENCE: Duration = Duration::from_secs(10);

/// The namespace that everything is in, as it was seen last.
pub(super) struct Home {
    cluster: Cluster,
    seen: watch::Receiver<Option<Namespace>>,
    /// What has been told to the log.
    told: Mutex<HashSet<String>>,
    _looking: AbortOnDropHandle<()>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Namespace {
    /// With this uid.
    There(String),
    Missing,
    /// Whether it is there may not be asked.
    Secret,
}

/// Why nothing can be said of an execution's Job, or done to it.
#[derive(Debug, Error)]
pub(super) enum Away {
    #[error("{0}")]
    Elsewhere(String),
    #[error(transparent)]
    Unknown(#[from] ClusterError),
}

impl Away {
    /// What whoever waits for it may read.
    pub(super) fn in_public(&self) -> String {
        match self {
            Self::Elsewhere(words) => words.clone(),
            Self::Unknown(error) => error.in_public(),
        }
    }
}

impl Home {
    /// Begins to look at the namespace, until it is dropped.
    pub(super) fn open(cluster: &Cluster) -> Self {
        let (told, seen) = watch::channel(None);
        let looking = look(cluster.clone(), told);
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the home that it looks at"
        )]
        let looking = tokio::spawn(looking);
        Self {
            cluster: cluster.clone(),
            seen,
            told: Mutex::default(),
            _looking: AbortOnDropHandle::new(looking),
        }
    }

    /// Whether there is a namespace to be in, as far as it is known.
    pub(super) fn check(&self) -> Result<(), ClusterError> {
        match *self.seen.borrow() {
            Some(Namespace::Missing) => Err(self.missing()),
            _ => Ok(()),
        }
    }

    /// What the store is to call a Job with this uid that has just been made here.
    pub(super) async fn handle(&self, uid: &str) -> Result<String, ClusterError> {
        let namespace_uid = match self.namespace().await? {
            Namespace::There(uid) => Some(uid),
            Namespace::Missing => return Err(self.missing()),
            Namespace::Secret => None,
        };
        Ok(self.called(uid, namespace_uid.as_deref()))
    }

    /// What a Job with this uid that is here is called, as far as that is known now.
    pub(super) fn handle_now(&self, uid: &str) -> String {
        let seen = self.seen.borrow().clone();
        match seen {
            Some(Namespace::There(namespace_uid)) => self.called(uid, Some(&namespace_uid)),
            _ => self.called(uid, None),
        }
    }

    /// Whether the execution's Job is here if it is anywhere, without having to ask for that.
    pub(super) fn is_certain(&self, execution: &Execution) -> bool {
        let Some(home) = Handle::of(execution).and_then(|handle| handle.home) else {
            return true;
        };
        let is_same = |wanted: &str| matches!(&*self.seen.borrow(), Some(Namespace::There(uid)) if uid == wanted);
        home.namespace == self.cluster.namespace() && home.namespace_uid.is_none_or(is_same)
    }

    /// Makes sure that the execution's Job is here if it is anywhere.
    ///
    /// # Errors
    /// It is somewhere else, or that is not known.
    pub(super) async fn find(&self, execution: &Execution) -> Result<(), Away> {
        if self.is_certain(execution) {
            return Ok(());
        }
        let home = Handle::of(execution).and_then(|handle| handle.home);
        let there = home.map_or_else(|| self.cluster.namespace(), |home| home.namespace);
        if there != self.cluster.namespace() {
            return Err(self.elsewhere(format!(
                "it runs in namespace {there}, and proctord has its Jobs in namespace {}: it can be followed and \
                 stopped when PROCTOR_DEFAULT_NAMESPACE is {there} again",
                self.cluster.namespace()
            )));
        }
        let namespace = self.namespace().await?;
        if self.is_certain(execution) || self.is_seen(execution).await? {
            return Ok(());
        }
        Err(self.elsewhere(match namespace {
            Namespace::Secret => format!(
                "it is not known whether it runs on this cluster: proctord may not look at namespace {there}, and has \
                 to be given that (get namespaces)"
            ),
            Namespace::There(_) | Namespace::Missing => format!(
                "it runs in namespace {there} of another cluster, or that namespace was deleted since: it can be \
                 followed and stopped when proctord is set to that cluster again"
            ),
        }))
    }

    /// A Job with its uid is the proof.
    async fn is_seen(&self, execution: &Execution) -> Result<bool, ClusterError> {
        let job = self.cluster.job(execution.name.as_str()).await?;
        Ok(job.is_some_and(|job| Some(stage::uid(&job)) == handle::uid(execution)))
    }

    async fn namespace(&self) -> Result<Namespace, ClusterError> {
        let mut seen = self.seen.clone();
        let found = timeout(PATIENCE, seen.wait_for(Option::is_some)).await;
        let found = found
            .ok()
            .and_then(Result::ok)
            .and_then(|found| found.clone());
        found.ok_or_else(|| self.failed(Trouble::Slow.into()))
    }

    fn called(&self, uid: &str, namespace_uid: Option<&str>) -> String {
        let namespace = self.cluster.namespace();
        let home = Some(handle::Home {
            namespace,
            namespace_uid,
        });
        Handle { uid, home }.to_string()
    }

    /// The log is told once of each place.
    fn elsewhere(&self, words: String) -> Away {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(words.clone()) {
            warn!("of at least one execution: {words}");
        }
        Away::Elsewhere(words)
    }

    fn missing(&self) -> ClusterError {
        let name = self.cluster.namespace().to_owned();
        self.failed(Fault::NoNamespace { name })
    }

    fn failed(&self, fault: Fault) -> ClusterError {
        ClusterError {
            verb: "find",
            object: format!("namespace {}", self.cluster.namespace()),
            fault,
        }
    }
}

/// Tells what the namespace is, for ever.
async fn look(cluster: Cluster, told: watch::Sender<Option<Namespace>>) {
    loop {
        let found = match cluster.namespace_uid().await {
            Ok(Some(uid)) => Some(Namespace::There(uid)),
            Ok(None) => Some(Namespace::Missing),
            Err(error) if matches!(error.fault, Fault::Forbidden { .. }) => Some(Namespace::Secret),
            Err(error) => {
                // Readiness tells of a cluster that is away; what was seen before stands.
                debug!(error = chain(&error), "the namespace is looked at again");
                None
            }
        };
        let is_settled = matches!(found, Some(Namespace::There(_) | Namespace::Secret));
        if found.is_some() {
            told.send_if_modified(|seen| std::mem::replace(seen, found.clone()) != found);
        }
        sleep(if is_settled { WHILE_KNOWN } else { WHILE_NOT }).await;
    }
}
