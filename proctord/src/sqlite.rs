//! SQLite files as proctord opens them: one connection that writes, a few that read, migrations applied.
//! What the tables mean is the business of the store and the catalog.

mod fault;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool, Transaction};
use thiserror::Error;

pub(crate) use fault::Fault;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a unit of work waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
const READERS: u32 = 3;
/// What is left of a write-ahead log after a flood.
const JOURNAL_LIMIT_BYTES: u32 = 64 << 20;

/// Why a file could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("cannot open {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} was written by a newer proctord: it has schema {found}, this one knows up to {known}", path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("{} is no database, or a damaged one", path.display())]
    NotDatabase { path: PathBuf, source: sqlx::Error },
    #[error("no space is left to open {}", path.display())]
    Full { path: PathBuf },
    #[error("the schema of {} cannot be brought up to date", path.display())]
    Schema { path: PathBuf, source: MigrateError },
    #[error("the database {} does not open", path.display())]
    Unavailable { path: PathBuf, source: sqlx::Error },
}

/// How a file is to be opened.
pub(crate) struct Setup {
    pub path: PathBuf,
    pub migrator: &'static Migrator,
    /// Another file that the writer reads, under this name.
    pub attached: Option<(&'static str, PathBuf)>,
    /// The most pages that the file may have; for tests of a full disk.
    pub page_limit: Option<u32>,
}

/// One SQLite file, open.
pub(crate) struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Database {
    /// Opens or creates the file and brings its schema up to date.
    pub(crate) async fn open(setup: Setup) -> Result<Self, OpenError> {
        touch(&setup.path)?;
        let writer = writer(&setup)
            .await
            .map_err(|error| classify(&setup.path, error))?;
        migrate(&setup, &writer).await?;
        let readers = pool(READERS).connect_lazy_with(connection(&setup.path).read_only(true));
        Ok(Self { writer, readers })
    }

    /// Begins a unit of work that writes; nobody else writes to the file until it ends.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Begins a unit of work whose first statement writes to this file and only reads the attached one,
    /// which `BEGIN IMMEDIATE` would lock as well.
    pub(crate) async fn begin_beside(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN DEFERRED").await
    }

    /// The connections that read.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Closes every connection; the write-ahead log is folded into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Creates the file if there is none, readable for its owner alone; SQLite gives the files beside it the same
/// mode. Also tells in the system's own words why a file cannot be opened, which SQLite does not.
fn touch(path: &Path) -> Result<(), OpenError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })
}

fn connection(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

async fn writer(setup: &Setup) -> Result<SqlitePool, sqlx::Error> {
    let mut options = connection(&setup.path)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_LIMIT_BYTES.to_string());
    if let Some(pages) = setup.page_limit {
        options = options.pragma("max_page_count", pages.to_string());
    }
    let attached = setup
        .attached
        .as_ref()
        .map(|(name, path)| (*name, path.to_string_lossy().into_owned()));
    pool(1)
        .after_connect(move |connection, _| {
            let attached = attached.clone();
            Box::pin(async move {
                if let Some((name, path)) = attached {
                    sqlx::query("ATTACH DATABASE ? AS ?")
                        .bind(path)
                        .bind(name)
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
        })
        .before_acquire(|connection, _| Box::pin(is_idle(connection)))
        .connect_with(options)
        .await
}

/// SQLite may end a transaction by itself when the disk is full. The driver does not notice, takes the
/// connection to be inside a transaction for ever and refuses to begin one; such a connection is replaced.
async fn is_idle(connection: &mut sqlx::SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may only just be under way; the answer to this comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

async fn migrate(setup: &Setup, writer: &SqlitePool) -> Result<(), OpenError> {
    let path = setup.path.clone();
    match setup.migrator.run(writer).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) => {
            let known = setup
                .migrator
                .iter()
                .map(|migration| migration.version)
                .max();
            Err(OpenError::Newer {
                path,
                found,
                known: known.unwrap_or(0),
            })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(classify(&path, error))
        }
        Err(source) => Err(OpenError::Schema { path, source }),
    }
}

fn classify(path: &Path, source: sqlx::Error) -> OpenError {
    let path = path.to_owned();
    match Fault::of(&source) {
        Fault::Full => OpenError::Full { path },
        Fault::Damaged => OpenError::NotDatabase { path, source },
        Fault::Other => OpenError::Unavailable { path, source },
    }
}
