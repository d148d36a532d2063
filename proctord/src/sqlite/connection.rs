//! The connections to a file and what they are set to.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use super::Setup;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a unit of work waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
const READERS: u32 = 3;
/// What is left of a write-ahead log after a flood.
const JOURNAL_LIMIT_BYTES: u32 = 64 << 20;

/// Opens the one connection that writes.
pub(super) async fn writer(setup: &Setup) -> Result<SqlitePool, sqlx::Error> {
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

/// The connections that read; they are opened when they are needed.
pub(super) fn readers(path: &Path) -> SqlitePool {
    pool(READERS).connect_lazy_with(connection(path).read_only(true))
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

/// SQLite may end a transaction by itself when the disk is full. The driver does not notice, takes the
/// connection to be inside a transaction for ever and refuses to begin one; such a connection is replaced.
async fn is_idle(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may only just be under way; the answer to this comes after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}
