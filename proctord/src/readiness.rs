//! Whether the service can do its work now, and since when it may: a database or Redis may come up after it, go
//! away and come back. The cluster may too, and is told of, but nothing is closed for it: what is accepted waits.
//! What changes is logged once, not at every try. Why something is not ready is told in
//! fixed words here; the whole cause is for the log alone, for probes are open to everybody.

mod reason;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::authentication::Authentication;
use crate::catalog::{Catalog, CatalogError};
use crate::runner::Runner;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// A probe gives up after a second or more; it should have heard which part is slow by then.
const PROBE_PATIENCE: Duration = Duration::from_millis(900);
/// Between two looks at what works, and at what does not.
const WHILE_READY: Duration = Duration::from_secs(10);
const WHILE_NOT: Duration = Duration::from_millis(500);

const TOO_SLOW: &str = "does not answer in time";
const NOT_THERE: &str = "is not there";
const NOT_YET_SEEN: &str = "has not answered yet";

/// How people call the places where store and catalog are.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub store: &'static str,
    pub catalog: &'static str,
}

/// What the service needs, and how it was seen last.
pub struct Readiness {
    store: Arc<dyn Store>,
    catalog: Arc<dyn Catalog>,
    runner: Arc<dyn Runner>,
    store_seen: Seen,
    catalog_seen: Seen,
    cluster_seen: Seen,
    /// Absent while nobody need prove who they are.
    authentication: Option<Arc<Authentication>>,
    authentication_seen: Seen,
    /// How many executions a hold that is in force holds.
    held: Mutex<Option<u64>>,
    /// Set once: the executions of this host are in our hands.
    open: watch::Sender<bool>,
}

/// One of the parts as it was seen last.
struct Seen {
    name: &'static str,
    /// What is wrong with it; `None` if nothing is.
    wrong: Mutex<Option<&'static str>>,
}

impl Readiness {
    /// Nothing has been seen yet, and the service is closed.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        catalog: Arc<dyn Catalog>,
        runner: Arc<dyn Runner>,
        names: Names,
    ) -> Self {
        let cluster_seen = Seen::new("cluster");
        // Runners on this host need nothing that could be away.
        cluster_seen.works();
        let authentication_seen = Seen::new("plugin for authentication");
        authentication_seen.works();
        Self {
            store,
            catalog,
            runner,
            store_seen: Seen::new(names.store),
            catalog_seen: Seen::new(names.catalog),
            cluster_seen,
            authentication: None,
            authentication_seen,
            held: Mutex::default(),
            open: watch::Sender::new(false),
        }
    }

    /// One that also needs to know who asks.
    #[must_use]
    pub fn with_authentication(mut self, authentication: Option<Arc<Authentication>>) -> Self {
        self.authentication = authentication;
        self
    }

    /// Whether requests may reach what is stored: from the first time on that the store was there and the
    /// executions of this host were taken over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Resolves when the service has opened.
    pub fn opened(&self) -> impl Future<Output = ()> + use<> {
        let mut open = self.open.subscribe();
        async move {
            // The sender lives as long as the service; without it, there is nothing to open.
            if open.wait_for(|open| *open).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// What is wrong now as far as it is known, in words for everybody.
    #[must_use]
    pub fn wrong(&self) -> String {
        let parts = [
            self.store_seen.told(),
            self.catalog_seen.told(),
            self.authentication_seen.told(),
        ];
        let told: Vec<_> = parts.into_iter().flatten().collect();
        if told.is_empty() && !self.is_open() {
            return "the executions of an earlier start are being taken over".to_owned();
        }
        told.join("; ")
    }

    /// Looks now, for a probe. The service may be ready and something be wrong all the same, which only delays what is
    /// accepted; in words for everybody.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn probe(&self) -> Result<Option<String>, String> {
        tokio::join!(
            within_a_probe(self.look_at_store(), &self.store_seen),
            within_a_probe(self.look_at_catalog(), &self.catalog_seen),
            within_a_probe(self.look_at_authentication(), &self.authentication_seen)
        );
        match self.wrong() {
            wrong if wrong.is_empty() => Ok(self.remark()),
            wrong => Err(wrong),
        }
    }

    /// What those should know who ask a service that is ready.
    fn remark(&self) -> Option<String> {
        let cluster = self.cluster_seen.told();
        let cluster = cluster.map(|told| format!("{told}, and what is accepted waits for it"));
        let hold = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let hold = hold.map(|held| {
            format!("{held} executions are held since a restore: `proctord recover` shows them")
        });
        let remarks: Vec<_> = cluster.into_iter().chain(hold).collect();
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }

    /// Looks for ever, and has the executions of this host taken over as soon as the store is there.
    pub async fn watch(&self, take_over: impl AsyncFn() -> Result<usize, StoreError>) {
        tokio::join!(
            self.watch_store(take_over),
            self.watch_catalog(),
            self.watch_cluster(),
            self.watch_authentication()
        );
    }

    async fn watch_store(&self, take_over: impl AsyncFn() -> Result<usize, StoreError>) {
        loop {
            let mut works = self.look_at_store().await;
            if works && !self.is_open() {
                let taken = take_over().await.map(drop);
                works = self.note_store(taken);
                if works {
                    self.open.send_replace(true);
                }
            }
            tokio::time::sleep(if works { WHILE_READY } else { WHILE_NOT }).await;
        }
    }

    async fn watch_catalog(&self) {
        loop {
            let works = self.look_at_catalog().await;
            tokio::time::sleep(if works { WHILE_READY } else { WHILE_NOT }).await;
        }
    }

    async fn watch_cluster(&self) {
        loop {
            let works = match self.runner.check().await {
                Ok(()) => self.cluster_seen.works(),
                Err(error) => self
                    .cluster_seen
                    .fails(reason::of_runner(&error), &chain(&error)),
            };
            tokio::time::sleep(if works { WHILE_READY } else { WHILE_NOT }).await;
        }
    }

    async fn watch_authentication(&self) {
        loop {
            let works = self.look_at_authentication().await;
            tokio::time::sleep(if works { WHILE_READY } else { WHILE_NOT }).await;
        }
    }

    async fn look_at_authentication(&self) -> bool {
        let Some(authentication) = &self.authentication else {
            return true;
        };
        match authentication.look().await {
            Ok(()) => self.authentication_seen.works(),
            Err(error) => self.authentication_seen.fails(NOT_THERE, &chain(&error)),
        }
    }

    async fn look_at_store(&self) -> bool {
        let looked = match self.store.check().await {
            Ok(()) => self.store.hold().await,
            Err(error) => Err(error),
        };
        let looked = looked.map(|hold| {
            let held = hold.map(|hold| hold.held);
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
        });
        self.note_store(looked)
    }

    async fn look_at_catalog(&self) -> bool {
        let looked: Result<(), CatalogError> = self.catalog.check().await;
        match looked {
            Ok(()) => self.catalog_seen.works(),
            Err(error) => self
                .catalog_seen
                .fails(reason::of_catalog(&error), &chain(&error)),
        }
    }

    fn note_store(&self, looked: Result<(), StoreError>) -> bool {
        match looked {
            Ok(()) => self.store_seen.works(),
            Err(error) => self
                .store_seen
                .fails(reason::of_store(&error), &chain(&error)),
        }
    }
}

/// What does not answer a probe in time is as it was seen last; if it worked then, it is slow now.
async fn within_a_probe(look: impl Future<Output = bool>, seen: &Seen) {
    if tokio::time::timeout(PROBE_PATIENCE, look).await.is_err() && seen.told().is_none() {
        seen.fails(TOO_SLOW, "a probe waited in vain");
    }
}

impl Seen {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            wrong: Mutex::new(Some(NOT_YET_SEEN)),
        }
    }

    fn told(&self) -> Option<String> {
        let wrong = *self.lock();
        wrong.map(|wrong| format!("{} {wrong}", self.name))
    }

    fn works(&self) -> bool {
        if let Some(before) = self.lock().take()
            && before != NOT_YET_SEEN
        {
            info!("the {} is ready", self.name);
        }
        true
    }

    fn fails(&self, wrong: &'static str, cause: &str) -> bool {
        if self.lock().replace(wrong) != Some(wrong) {
            warn!(
                error = cause,
                "the {} {wrong}; it is tried again", self.name
            );
        }
        false
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<&'static str>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
