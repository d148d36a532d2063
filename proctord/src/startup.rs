//! The boot story, from top to bottom, and the way back. It is one story for every mode: what differs is the
//! backing.

mod backing;
mod carrier;
mod doorkeeper;
mod scheduling;
mod server;
mod witness;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web;
use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::app::{App, Work};
use crate::audit::{Refusals, Sealer};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::deliveries::mail::Mails;
use crate::deliveries::{Callbacks, Carriers, Deliveries};
use crate::domain::execution::RunnerKind;
use crate::housekeeping::Housekeeping;
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::readiness::Readiness;
use crate::retention::Retention;
use crate::samples;
use crate::scheduler::{self, Launch, Scheduler, SeenUsers};
use crate::store::{Replica, Store, StoreError};
use crate::ticker::Ticker;
use crate::tls::Tls;
use crate::tracker::{Parts, Tracker};

pub(crate) use backing::Backing;
use carrier::Carrier;
use doorkeeper::Doorkeeper;
pub(crate) use scheduling::fire_until;
pub(crate) use witness::{OpenStore, witness};

/// How long the last rows of the audit trail may take when the service stops.
const LAST_ROWS_PATIENCE: Duration = Duration::from_secs(2);

/// A service that runs.
pub struct Service {
    address: SocketAddr,
    app: web::Data<App>,
    server: Server,
    handle: ServerHandle,
    backing: Backing,
    carrier: Carrier,
    folder: DataFolder,
    chores: Chores,
    deliveries: Deliveries,
    ticker: Ticker,
    /// The certificate that is shown; absent, it speaks plain HTTP.
    tls: Option<Tls>,
    /// What `PROCTOR_HOLD` says.
    hold: Option<String>,
}

/// What this machine has for the local runner.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where executions have their folders, and SQLite its files.
    pub data_dir: PathBuf,
    /// The binary that stands by each process.
    pub shim: PathBuf,
    /// The binary that loads plugins: proctord itself.
    pub program: PathBuf,
}

/// What cleans up.
struct Chores {
    housekeeping: Housekeeping,
    retention: Retention,
}

/// What a service is put together from.
struct AllParts {
    folder: DataFolder,
    doorkeeper: Doorkeeper,
    backing: Backing,
    carrier: Carrier,
}

impl Service {
    /// Starts the service that needs nothing installed: SQLite, the local runner, the samples published.
    ///
    /// # Errors
    /// Whatever keeps it from starting, naming the file or the address.
    pub async fn dev(config: &Config, place: &Place) -> anyhow::Result<Self> {
        let folder = DataFolder::open(&place.data_dir)?;
        let doorkeeper = Doorkeeper::start(config, &place.program).await?;
        let listener = server::listen(config.http.address())?;
        let backing = Backing::files(&folder, config).await?;
        samples::publish(backing.catalog().as_ref()).await?;
        let carrier = Carrier::local(config, place, &folder)?;
        let parts = AllParts {
            folder,
            doorkeeper,
            backing,
            carrier,
        };
        Self::begin(config, parts, listener)
    }

    /// Starts the service of production: Postgres, Redis and perhaps a cluster, all of which may come later.
    ///
    /// # Errors
    /// Whatever keeps it from starting, naming the file or the address.
    pub async fn start(config: &Config, place: &Place) -> anyhow::Result<Self> {
        let folder = DataFolder::open(&place.data_dir)?;
        let doorkeeper = Doorkeeper::start(config, &place.program).await?;
        let listener = server::listen(config.http.address())?;
        let backing = Backing::servers(config)?;
        let carrier = match config.execution.runner {
            RunnerKind::Kubernetes => Carrier::kubernetes(config, &folder).await?,
            RunnerKind::Local => Carrier::local(config, place, &folder)?,
            RunnerKind::Agent => bail!("the agent runner is not in this version"),
        };
        let parts = AllParts {
            folder,
            doorkeeper,
            backing,
            carrier,
        };
        Self::begin(config, parts, listener)
    }

    /// Puts the parts together and serves. Whether what it needs is there shows later.
    fn begin(config: &Config, parts: AllParts, listener: TcpListener) -> anyhow::Result<Self> {
        server::raise_open_files();
        let app = application(config, &parts);
        let AllParts {
            folder,
            backing,
            carrier,
            doorkeeper,
        } = parts;
        let deliveries = deliveries(config, &app, doorkeeper)?;
        let housekeeping = Housekeeping {
            store: Arc::clone(&app.store),
            runner: Arc::clone(&app.runner),
            keep: carrier.keep(config),
            every: carrier.between_sweeps(config),
            grace: config.execution.stop_grace,
        };
        let retention = Retention::new(Arc::clone(&app.store), config.history.keep);
        let ticks = vec![app.scheduler.tick(), retention.tick()];
        let ticker = Ticker::start(ticks).context("cannot tick")?;
        let address = listener.local_addr()?;
        let tls = config.http.tls.as_ref().map(Tls::open).transpose()?;
        let app = web::Data::new(app);
        let server = server::serve(listener, app.clone(), &config.http, tls.as_ref())?;
        let handle = server.handle();
        Ok(Self {
            address,
            app,
            server,
            handle,
            backing,
            carrier,
            folder,
            chores: Chores {
                housekeeping,
                retention,
            },
            deliveries,
            ticker,
            tls,
            hold: config.execution.hold.clone(),
        })
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Resolves when it has reached what is stored and taken over the executions of its host.
    pub fn opened(&self) -> impl Future<Output = ()> + use<> {
        self.app.readiness.opened()
    }

    /// Serves until `stop` resolves, then lets go of everything in order. Executions go on; the next start
    /// finds them.
    ///
    /// # Errors
    /// The server failed.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self {
            app,
            server,
            handle,
            backing,
            carrier,
            folder,
            chores,
            mut deliveries,
            ticker,
            tls,
            hold,
            ..
        } = self;
        let mut sealer = Sealer::new(Arc::clone(&app.store));
        let stopping = async {
            tokio::select! {
                () = stop => {}
                () = work(&app, &carrier, hold.as_deref(), chores, &mut deliveries, &mut sealer) => {}
                () = watch(tls.as_ref()) => {}
            }
            info!("stopping");
            app.shutdown.cancel();
            handle.stop(true).await;
        };
        let (served, ()) = tokio::join!(server, stopping);
        drop(ticker);
        app.work.finish().await;
        // Before the lease is given up, for then others take over what is under way.
        deliveries.finish().await;
        app.tracker.shut_down().await;
        finish_audit(&app, sealer).await;
        drop(app);
        backing.close().await;
        drop(folder);
        served.context("the HTTP server failed")
    }
}

/// What goes on beside the requests, for ever.
async fn work(
    app: &App,
    carrier: &Carrier,
    hold: Option<&str>,
    chores: Chores,
    deliveries: &mut Deliveries,
    sealer: &mut Sealer,
) {
    let take_over = async || {
        carrier.begin(app.store.as_ref()).await?;
        heed_hold(app.store.as_ref(), hold).await?;
        app.tracker.compare_first().await?;
        app.tracker.adopt().await
    };
    let opened = app.readiness.opened();
    tokio::join!(
        app.readiness.watch(take_over),
        app.tracker.settle_doubts(),
        app.tracker.look_for_news(),
        async {
            opened.await;
            tokio::join!(
                app.tracker.compare_at_last(),
                app.tracker.hold_lease(),
                app.scheduler.run(),
                app.seen_users.run(app.store.as_ref()),
                app.logs.look_out(|| app.metrics.looked_out()),
                chores.housekeeping.run(),
                chores.retention.run(),
                deliveries.run(),
                app.refusals.run(app.store.as_ref()),
                sealer.run()
            );
        }
    );
}

/// Stores what was counted and seals what was written, unless the store is away: then refusals since the last minute
/// are forgotten, and the next start seals the rest.
async fn finish_audit(app: &App, mut sealer: Sealer) {
    if !app.readiness.is_open() {
        return;
    }
    let finished = async {
        app.refusals.flush(app.store.as_ref()).await;
        sealer.finish().await;
    };
    if tokio::time::timeout(LAST_ROWS_PATIENCE, finished)
        .await
        .is_err()
    {
        warn!("the end of the audit trail is sealed by the next start");
    }
}

/// Shows new certificates as they come, for ever.
async fn watch(tls: Option<&Tls>) {
    match tls {
        Some(tls) => tls.watch().await,
        None => std::future::pending().await,
    }
}

/// Holds what was accepted before a restore, if this start is the first one since.
async fn heed_hold(store: &dyn Store, word: Option<&str>) -> Result<(), StoreError> {
    if let Some(held) = store.heed_hold(word).await? {
        error!(
            held,
            "a restore was told by PROCTOR_HOLD: what was accepted before is held until `proctord recover` lets it go on"
        );
    } else if let Some(word) = word {
        warn!("PROCTOR_HOLD={word} was heeded at an earlier start: nothing more is held for it");
    }
    Ok(())
}

/// What carries deliveries out: by plugins, over HTTP, and by mail if there is a server.
fn deliveries(config: &Config, app: &App, doorkeeper: Doorkeeper) -> anyhow::Result<Deliveries> {
    let callbacks = Callbacks::to(Arc::clone(&app.callbacks));
    let mails = config.mail.clone().map(Mails::by).transpose();
    let carriers = Carriers {
        callbacks: callbacks.context("cannot prepare for callbacks")?,
        notifications: doorkeeper.notifications,
        mails: mails.context("cannot prepare for mails")?,
    };
    let (store, replica) = (Arc::clone(&app.store), app.replica.id.clone());
    Ok(Deliveries::new(
        store,
        replica,
        carriers,
        app.metrics.tries(),
    ))
}

/// Puts the parts together; nothing runs yet.
fn application(config: &Config, parts: &AllParts) -> App {
    let AllParts {
        folder,
        doorkeeper,
        backing,
        carrier,
    } = parts;
    let (store, catalog, runner) = (backing.store(), backing.catalog(), carrier.runner());
    let grace = config.execution.stop_grace;
    let logs = Logs::new(Arc::clone(&store));
    let replica = Replica {
        id: Uuid::new_v4().to_string(),
        host: folder.host().to_owned(),
    };
    let tracker = Tracker::new(Parts {
        store: Arc::clone(&store),
        catalog: Arc::clone(&catalog),
        runner: Arc::clone(&runner),
        logs: logs.clone(),
        replica: replica.clone(),
        grace,
        lease: config.execution.lease,
        host_patience: config.execution.host_patience,
    });
    let metrics = Metrics::default();
    let defaults = carrier.defaults(config);
    let scheduler = Scheduler::new(scheduler::Parts {
        store: Arc::clone(&store),
        catalog: Arc::clone(&catalog),
        runner: Arc::clone(&runner),
        defaults,
        authentication: doorkeeper.authentication.clone(),
        policy: doorkeeper.policy.clone(),
        replica: replica.clone(),
        launch: Launch::Here(tracker.clone()),
        metrics: metrics.schedules().clone(),
    });
    let readiness = Readiness::new(
        Arc::clone(&store),
        Arc::clone(&catalog),
        Arc::clone(&runner),
        backing.names(),
    )
    .with_authentication(doorkeeper.authentication.clone());
    App {
        store,
        catalog,
        runner,
        logs,
        tracker,
        defaults,
        scheduler,
        seen_users: SeenUsers::default(),
        time_zone: config.schedule.time_zone.clone(),
        sends_mail: config.mail.is_some(),
        metrics,
        authentication: doorkeeper.authentication.clone(),
        callbacks: Arc::new(config.callbacks.clone()),
        policy: doorkeeper.policy.clone(),
        refusals: Refusals::default(),
        replica,
        readiness,
        launch_wait: config.execution.launch_wait,
        shutdown: CancellationToken::new(),
        work: Work::on_this_runtime(),
    }
}
