//! The schema's history: applied, and taken back one step at a time, by one proctord at a time. `start` only
//! looks at it: whoever changes a schema means to.

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use thiserror::Error;

use super::fault::{failed, misses_schema};
use super::settings::PostgresSettings;
use crate::store::StoreError;

const SCHEMA: &str = "proctor";
const TABLE: &str = "proctor.schema_migrations";

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    pub version: i64,
    pub name: String,
}

/// Why the schema stays as it is.
#[derive(Debug, Error)]
pub enum MigrationError {
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    #[error("the database refuses")]
    Refused(#[source] sqlx::Error),
    #[error(
        "the schema was changed by a newer proctord: it has step {found}, this one knows up to {known}"
    )]
    Newer { found: i64, known: i64 },
    #[error("step {0} of the schema is not what this proctord knows by that number")]
    Changed(i64),
    #[error("the schema cannot be changed")]
    Failed(#[source] MigrateError),
}

/// Brings the schema up to date, and tells what was applied.
///
/// # Errors
/// The database or the step that stands in the way; the steps before it are applied.
pub async fn apply(settings: &PostgresSettings) -> Result<Vec<Migration>, MigrationError> {
    let pool = connect(settings).await?;
    let before = applied(&pool).await?;
    migrator().run(&pool).await.map_err(classified)?;
    let after = applied(&pool).await?;
    pool.close().await;
    let new = after
        .into_iter()
        .filter(|version| !before.contains(version));
    Ok(new.map(named).collect())
}

/// Takes the last step back, and tells which that was; none, if there is none.
///
/// # Errors
/// The database, or what stands in the way.
pub async fn roll_back(settings: &PostgresSettings) -> Result<Option<Migration>, MigrationError> {
    let pool = connect(settings).await?;
    let mut versions = applied(&pool).await?;
    let Some(last) = versions.pop() else {
        return Ok(None);
    };
    let target = versions.last().copied().unwrap_or(0);
    migrator().undo(&pool, target).await.map_err(classified)?;
    pool.close().await;
    Ok(Some(named(last)))
}

/// The steps that are applied, oldest first.
///
/// # Errors
/// The database cannot be reached.
pub async fn history(settings: &PostgresSettings) -> Result<Vec<Migration>, MigrationError> {
    let pool = connect(settings).await?;
    let versions = applied(&pool).await?;
    pool.close().await;
    Ok(versions.into_iter().map(named).collect())
}

/// Fails unless the schema has every step that this proctord knows; it may have more.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), StoreError> {
    let needed = known();
    let found = sqlx::query_scalar(
        "SELECT coalesce(max(version), 0) FROM proctor.schema_migrations WHERE success",
    )
    .fetch_one(connection)
    .await;
    let found = match found {
        Err(error) if misses_schema(&error) => 0,
        found => found.map_err(failed("look at its schema"))?,
    };
    if found < needed {
        return Err(StoreError::SchemaBehind { found, needed });
    }
    Ok(())
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations/postgres");
    migrator.create_schema(SCHEMA);
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// The last step that this proctord knows.
fn known() -> i64 {
    let migrator = migrator();
    let versions = migrator.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

fn named(version: i64) -> Migration {
    let migrator = migrator();
    let known = migrator
        .iter()
        .find(|migration| migration.version == version);
    Migration {
        version,
        name: known.map_or_else(String::new, |known| known.description.to_string()),
    }
}

/// One connection. What a step takes is not bounded: it may rewrite a large table.
async fn connect(settings: &PostgresSettings) -> Result<PgPool, MigrationError> {
    let options = settings.options.clone().application_name("proctord");
    let options = options.options([("statement_timeout", "0"), ("lock_timeout", "0")]);
    // A pool tries for as long as it may, and forgets why it could not; who waits here wants to know at once.
    let first = tokio::time::timeout(settings.patience, options.connect());
    let first = first.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let closed = first.map_err(unanswered)?.close();
    closed.await.map_err(unanswered)?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(settings.patience)
        .connect_lazy_with(options);
    Ok(pool)
}

async fn applied(pool: &PgPool) -> Result<Vec<i64>, MigrationError> {
    let mut connection = pool.acquire().await.map_err(unanswered)?;
    let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(TABLE)
        .fetch_one(&mut *connection)
        .await
        .map_err(unanswered)?;
    if !exists {
        return Ok(Vec::new());
    }
    let applied: Vec<AppliedMigration> = connection
        .list_applied_migrations(TABLE)
        .await
        .map_err(classified)?;
    let mut versions: Vec<_> = applied.iter().map(|migration| migration.version).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// A server that says no has been reached.
fn unanswered(error: sqlx::Error) -> MigrationError {
    if error.as_database_error().is_some() {
        MigrationError::Refused(error)
    } else {
        MigrationError::Unreachable(error)
    }
}

fn classified(error: MigrateError) -> MigrationError {
    match error {
        MigrateError::VersionMissing(found) => MigrationError::Newer {
            found,
            known: known(),
        },
        MigrateError::VersionMismatch(version) => MigrationError::Changed(version),
        error => MigrationError::Failed(error),
    }
}
