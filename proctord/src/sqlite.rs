//! SQLite files as proctord opens them: one connection that writes, a few that read, migrations applied.
//! What the tables mean is the business of the store and the catalog.

mod connection;
mod fault;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Sqlite, SqlitePool, Transaction};
use thiserror::Error;

pub(crate) use fault::Fault;

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
        let writer = connection::writer(&setup)
            .await
            .map_err(|error| classify(&setup.path, error))?;
        migrate(&setup, &writer).await?;
        let readers = connection::readers(&setup.path);
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
