//! One watch: lists what there is, then follows what changes, and begins again when it has been left behind. It is
//! made of single requests rather than of kube's `watcher`: that one bounds neither the opening of a watch nor tells
//! when it has recovered, and a revision that is refused while a watch is opened it asks for forever.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::{Request, Status};
use serde::Deserialize;
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::super::client::{Cluster, ClusterError};
use super::super::seen::Sight;
use super::SharedTable;
use super::health::Pulse;
use super::object::Object;
use super::table::Kept;
use crate::telemetry::chain;

const PAGE_SIZE: u32 = 500;

/// How long a page of the list may take.
const LIST_PATIENCE: Duration = Duration::from_secs(60);

/// How long the server may take to begin a watch.
const OPEN_PATIENCE: Duration = Duration::from_secs(30);

/// After this time the server ends a watch; it is opened again where it ended.
const WATCH_SECONDS: u32 = 120;

/// When a watch is that silent, its connection is dead.
const SILENCE: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 10);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A watch that ended sooner than this did not work, whatever the server says.
const SHORTEST: Duration = Duration::from_secs(1);

/// Why a watch does not go on.
#[derive(Debug, Error)]
enum Interrupted {
    #[error("{}", chain(.0))]
    Unreachable(#[source] ClusterError),
    #[error("{}", in_words(.0))]
    Failed(#[source] kube::Error),
    #[error("the API server ended it: {}", .0.message)]
    Ended(Box<Status>),
    #[error("the API server did not answer within {0:?}")]
    Silent(Duration),
    #[error("the API server ends it at once")]
    Short,
    #[error("the API server told no revision")]
    NoRevision,
}

pub(super) struct Watch {
    pub(super) cluster: Cluster,
    pub(super) selector: String,
    pub(super) table: SharedTable,
    pub(super) pulse: Arc<Pulse>,
}

/// How far a watch has come.
#[derive(Default)]
struct Progress {
    /// What has been told; none before all that there is has been.
    revision: Option<String>,
    /// When the watch was opened that is going on.
    opened_at: Option<Instant>,
}

impl Progress {
    fn has_worked(&self) -> bool {
        let lasted = self.opened_at.map(|opened_at| opened_at.elapsed());
        lasted.is_some_and(|lasted| lasted >= SHORTEST)
    }
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(bound = "K: Kept")]
struct Page<K> {
    metadata: PageMetadata,
    items: Vec<Object<K>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PageMetadata {
    resource_version: String,
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl Watch {
    /// Goes on until it is dropped.
    pub(super) async fn run<K: Kept>(self) {
        let mut progress = Progress::default();
        let mut pause = FIRST_PAUSE;
        loop {
            progress.opened_at = None;
            let Err(interrupted) = self.go_on::<K>(&mut progress).await else {
                pause = FIRST_PAUSE;
                continue;
            };
            if interrupted.leaves_behind() {
                progress.revision = None;
            }
            if progress.has_worked() {
                // Connections break; it fails only if it cannot be opened again.
                pause = FIRST_PAUSE;
            } else {
                let since = self.pulse.failed(interrupted.to_string());
                let what = K::WORD;
                self.table().set_sight::<K>(Sight::Failing { what, since });
            }
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Lists, or follows from the revision that was reached.
    async fn go_on<K: Kept>(&self, progress: &mut Progress) -> Result<(), Interrupted> {
        match &progress.revision {
            None => progress.revision = Some(self.list::<K>().await?),
            Some(revision) => {
                let revision = revision.clone();
                self.follow::<K>(revision, progress).await?;
            }
        }
        Ok(())
    }

    /// Tells all that there is, and returns the revision of that. A part of it would show a later attempt without the
    /// one before it.
    async fn list<K: Kept>(&self) -> Result<String, Interrupted> {
        let mut objects = Vec::new();
        let mut next = None;
        loop {
            let mut params = ListParams::default()
                .labels(&self.selector)
                .limit(PAGE_SIZE);
            params.continue_token = next;
            let request = self.request::<K>().list(&params);
            let request = request.map_err(kube::Error::BuildRequest)?;
            let client = self.cluster.streams().await?;
            let page = client.request::<Page<K>>(request);
            let page = or_silent(LIST_PATIENCE, page).await??;
            objects.extend(page.items);
            next = page.metadata.next.filter(|next| !next.is_empty());
            if next.is_none() {
                let uids = objects.iter().map(|object| object.metadata.uid.clone());
                let uids: HashSet<_> = uids.collect();
                objects.into_iter().for_each(|object| self.put(object));
                self.table().complete::<K>(&uids);
                return some_revision(page.metadata.resource_version);
            }
        }
    }

    /// Tells what changes from this revision on until the server ends it. What has been told is not asked for again,
    /// for it would come as if it were new.
    async fn follow<K: Kept>(
        &self,
        revision: String,
        progress: &mut Progress,
    ) -> Result<(), Interrupted> {
        let params = WatchParams::default().labels(&self.selector);
        let params = params.timeout(WATCH_SECONDS);
        let request = self.request::<K>().watch(&params, &revision);
        let request = request.map_err(kube::Error::BuildRequest)?;
        let client = self.cluster.streams().await?;
        let opened = client.request_events::<Object<K>>(request);
        let events = or_silent(OPEN_PATIENCE, opened).await??;
        self.pulse.well();
        self.table().set_sight::<K>(Sight::Current);
        progress.opened_at = Some(Instant::now());
        pin_mut!(events);
        while let Some(event) = or_silent(SILENCE, events.next()).await? {
            if let Some(reached) = self.take(event?)? {
                progress.revision = Some(reached);
            }
        }
        if progress.has_worked() {
            Ok(())
        } else {
            Err(Interrupted::Short)
        }
    }

    /// Takes an event in, and returns the revision that it leads to.
    fn take<K: Kept>(&self, event: WatchEvent<Object<K>>) -> Result<Option<String>, Interrupted> {
        let revision = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let revision = object.metadata.resource_version.clone();
                self.put(object);
                revision
            }
            WatchEvent::Deleted(object) => {
                let revision = object.metadata.resource_version.clone();
                self.remove(object);
                revision
            }
            WatchEvent::Bookmark(bookmark) => bookmark.metadata.resource_version,
            WatchEvent::Error(status) => return Err(Interrupted::Ended(status)),
        };
        Ok(Some(revision).filter(|revision| !revision.is_empty()))
    }

    fn put<K: Kept>(&self, object: Object<K>) {
        match object.seen {
            Ok((name, seen)) => self.table().put(&name, seen),
            // What was known of it stands.
            Err(error) => warn!(
                object = object.metadata.name,
                kind = K::PLURAL,
                error = %error,
                "an object of the cluster cannot be understood"
            ),
        }
    }

    fn remove<K: Kept>(&self, object: Object<K>) {
        match object.seen {
            Ok((name, seen)) => self.table().remove(&name, seen),
            Err(_) => self.table().remove_unread::<K>(&object.metadata.uid),
        }
    }

    fn request<K: Kept>(&self) -> Request {
        Request::new(K::url_path(self.cluster.namespace()))
    }

    fn table(&self) -> std::sync::MutexGuard<'_, super::table::Table> {
        super::locked(&self.table)
    }
}

impl Interrupted {
    /// Whether what came next cannot be had any more, so that all is to be told again.
    fn leaves_behind(&self) -> bool {
        match self {
            // An event that cannot be read would come again at the same revision.
            Self::Failed(kube::Error::SerdeError(_)) | Self::NoRevision => true,
            Self::Failed(kube::Error::Api(status)) | Self::Ended(status) => {
                matches!(status.code, 400 | 410)
            }
            Self::Unreachable(_) | Self::Failed(_) | Self::Silent(_) | Self::Short => false,
        }
    }
}

impl From<ClusterError> for Interrupted {
    fn from(error: ClusterError) -> Self {
        Self::Unreachable(error)
    }
}

impl From<kube::Error> for Interrupted {
    fn from(error: kube::Error) -> Self {
        Self::Failed(error)
    }
}

/// kube prints an answer of the server with all its fields.
fn in_words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => format!("the API server refuses: {}", status.message),
        error => chain(error),
    }
}

async fn or_silent<F: Future>(patience: Duration, future: F) -> Result<F::Output, Interrupted> {
    let answered = timeout(patience, future).await;
    answered.map_err(|_| Interrupted::Silent(patience))
}

fn some_revision(revision: String) -> Result<String, Interrupted> {
    if revision.is_empty() {
        return Err(Interrupted::NoRevision);
    }
    Ok(revision)
}
