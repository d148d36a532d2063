//! The boot story, from top to bottom, and the way back.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use anyhow::{Context, bail};
use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::app::{App, Work};
use crate::catalog::Catalog;
use crate::catalog::sealing::SecretKeys;
use crate::catalog::sqlite::SqliteCatalog;
use crate::config::{Config, HttpConfig};
use crate::data_folder::DataFolder;
use crate::housekeeping::Housekeeping;
use crate::http::{self, Settings};
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::policy::Policy;
use crate::runner::Runner;
use crate::runner::local::LocalRunner;
use crate::samples;
use crate::store::sqlite::SqliteStore;
use crate::store::{Replica, Store};
use crate::tracker::{Parts, Tracker};

/// How long requests in flight have when the service stops.
const STOP_PATIENCE_SECS: u64 = 5;
const HTTP_WORKERS: usize = 2;
const OPEN_FILES: u64 = 65_536;
/// What the kernel keeps for a client that reads slowly; by itself it would keep megabytes.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// A client that takes nothing for so long is cut off by the kernel.
const STUCK_PATIENCE_MS: u32 = 10 * 60 * 1000;

/// A service that runs.
pub struct Service {
    address: SocketAddr,
    app: web::Data<App>,
    server: Server,
    handle: ServerHandle,
    files: Files,
    housekeeping: Housekeeping,
}

/// What is open on disk; let go of last, in this order.
pub(crate) struct Files {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) catalog: Arc<SqliteCatalog>,
    folder: DataFolder,
}

impl Files {
    pub(crate) async fn open(folder: DataFolder, config: &Config) -> anyhow::Result<Self> {
        let store = SqliteStore::open(folder.path()).await?;
        let store = Arc::new(store.with_log_limit(config.log.limit_bytes));
        let keys = secret_keys(folder.path())?;
        let catalog = Arc::new(SqliteCatalog::open(folder.path(), keys).await?);
        Ok(Self {
            store,
            catalog,
            folder,
        })
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
        self.catalog.close().await;
        drop(self.folder);
    }
}

impl Service {
    /// Starts the service that needs nothing installed: SQLite, the local runner, loopback.
    ///
    /// # Errors
    /// Whatever keeps it from starting, naming the file or the address.
    pub async fn dev(config: &Config, data_dir: &Path, shim: PathBuf) -> anyhow::Result<Self> {
        raise_open_files();
        let folder = DataFolder::open(data_dir)?;
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, config.http.port)))?;
        let files = Files::open(folder, config).await?;
        samples::publish(files.catalog.as_ref()).await?;

        let app = application(config, &files, shim)?;
        app.tracker
            .adopt()
            .await
            .context("could not take over the executions of an earlier life")?;
        let housekeeping = Housekeeping {
            store: Arc::clone(&app.store),
            runner: Arc::clone(&app.runner),
            keep: config.execution.keep,
        };

        let address = listener.local_addr()?;
        let app = web::Data::new(app);
        let server = serve(listener, app.clone(), &config.http)?;
        let handle = server.handle();
        Ok(Self {
            address,
            app,
            server,
            handle,
            files,
            housekeeping,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.files.folder.path()
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
            files,
            housekeeping,
            ..
        } = self;
        let stopping = async {
            tokio::select! {
                () = stop => {}
                () = housekeeping.run() => {}
            }
            info!("stopping");
            app.shutdown.cancel();
            handle.stop(true).await;
        };
        let (served, ()) = tokio::join!(server, stopping);
        app.work.finish().await;
        app.tracker.shut_down().await;
        drop(app);
        files.close().await;
        served.context("the HTTP server failed")
    }
}

/// The key of the secrets in this folder. A new one beside an old catalog would open none of them.
fn secret_keys(folder: &Path) -> anyhow::Result<SecretKeys> {
    let (key, catalog) = (folder.join("secret.key"), folder.join("catalog.db"));
    if catalog.exists() && !key.exists() {
        bail!(
            "{} is missing, and without it the secrets in {} cannot be opened: put it back, or move the \
             catalog away and publish again",
            key.display(),
            catalog.display()
        );
    }
    Ok(SecretKeys::load_or_create(&key)?)
}

/// Puts the parts together; nothing runs yet.
fn application(config: &Config, files: &Files, shim: PathBuf) -> anyhow::Result<App> {
    let store: Arc<dyn Store> = Arc::clone(&files.store) as Arc<dyn Store>;
    let catalog: Arc<dyn Catalog> = Arc::clone(&files.catalog) as Arc<dyn Catalog>;
    let grace = config.execution.stop_grace;
    let runner: Arc<dyn Runner> =
        Arc::new(LocalRunner::open(files.folder.executions(), shim, grace)?);
    let logs = Logs::new(Arc::clone(&store));
    let replica = Replica {
        id: Uuid::new_v4().to_string(),
        host: files.folder.host().to_owned(),
    };
    let tracker = Tracker::new(Parts {
        store: Arc::clone(&store),
        catalog: Arc::clone(&catalog),
        runner: Arc::clone(&runner),
        logs: logs.clone(),
        replica: replica.clone(),
        grace,
    });
    Ok(App {
        store,
        catalog,
        runner,
        logs,
        tracker,
        metrics: Metrics::default(),
        policy: Policy::AllowAll,
        replica,
        launch_wait: config.execution.launch_wait,
        shutdown: CancellationToken::new(),
        work: Work::on_this_runtime(),
    })
}

/// Each running execution holds two descriptors: take what this process may have, but no more than programs
/// that look at every possible descriptor can bear, for they inherit it.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let enough = limit
        .maximum
        .map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if limit.current.is_none_or(|current| current >= enough) {
        return;
    }
    let raised = Rlimit {
        current: Some(enough),
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!(error = %error, "the limit on open files stays as it is");
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| {
        format!(
            "cannot listen on {address}; PROCTOR_APP_PORT names another port, 0 takes a free one"
        )
    })?;
    // Connections take these over from the socket that they are accepted on.
    sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER_BYTES)
        .context("cannot bound the send buffers")?;
    sockopt::set_tcp_user_timeout(&listener, STUCK_PATIENCE_MS)
        .context("cannot bound how long a client may be stuck")?;
    Ok(listener)
}

fn serve(
    listener: TcpListener,
    app: web::Data<App>,
    config: &HttpConfig,
) -> anyhow::Result<Server> {
    let settings = web::Data::new(Settings::from(config));
    let factory = move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(settings.clone())
            // From the inside out: the last one sees a request first.
            .wrap(from_fn(http::layers::refuse_old_clients))
            .wrap(from_fn(http::layers::refuse_foreign_pages))
            .wrap(from_fn(http::layers::refuse_what_is_too_large))
            .wrap(from_fn(http::layers::shape_errors))
            .wrap(from_fn(http::layers::measure))
            .configure(http::configure)
    };
    let connections = config.max_connections.get() as usize;
    let server = HttpServer::new(factory)
        .workers(HTTP_WORKERS)
        .max_connections(connections.div_ceil(HTTP_WORKERS))
        .client_request_timeout(config.head_timeout)
        .shutdown_timeout(STOP_PATIENCE_SECS)
        .disable_signals()
        .listen(listener)
        .context("cannot serve")?;
    Ok(server.run())
}
