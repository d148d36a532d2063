//! The rows of procs: the documents as they were published.

use proctor_api::Metadata;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqliteExecutor};

use super::fault::failed;
use super::now;
use crate::catalog::CatalogError;
use crate::domain::name::ProcName;

/// Writes one proc, over the one of that name.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    name: &ProcName,
    metadata: &Metadata,
) -> Result<(), CatalogError> {
    let json = serde_json::to_string(metadata).map_err(|error| CatalogError::Unavailable {
        doing: "put a proc in words",
        source: Box::new(error),
    })?;
    sqlx::query(
        "INSERT INTO proc (name, metadata, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE
            SET metadata = excluded.metadata, updated_at = excluded.updated_at",
    )
    .bind(name.as_str())
    .bind(json)
    .bind(now())
    .execute(connection)
    .await
    .map_err(failed("publish a proc"))?;
    Ok(())
}

/// Removes one proc, and tells whether it was there.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    name: &ProcName,
) -> Result<bool, CatalogError> {
    let done = sqlx::query("DELETE FROM proc WHERE name = ?")
        .bind(name.as_str())
        .execute(connection)
        .await
        .map_err(failed("unpublish a proc"))?;
    Ok(done.rows_affected() > 0)
}

/// One proc.
pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    name: &ProcName,
) -> Result<Option<Metadata>, CatalogError> {
    sqlx::query("SELECT name, metadata FROM proc WHERE name = ?")
        .bind(name.as_str())
        .fetch_optional(executor)
        .await
        .map_err(failed("read a proc"))?
        .map(|row| metadata(&row))
        .transpose()
}

/// All procs, ordered by name.
pub(super) async fn list(executor: impl SqliteExecutor<'_>) -> Result<Vec<Metadata>, CatalogError> {
    let rows = sqlx::query("SELECT name, metadata FROM proc ORDER BY name")
        .fetch_all(executor)
        .await
        .map_err(failed("list the procs"))?;
    rows.iter().map(metadata).collect()
}

fn metadata(row: &SqliteRow) -> Result<Metadata, CatalogError> {
    let name: String = row.try_get("name").map_err(failed("read a proc's name"))?;
    let json: &str = row.try_get("metadata").map_err(failed("read a proc"))?;
    serde_json::from_str(json).map_err(|error| CatalogError::Damaged {
        what: format!("proc {name}"),
        source: Some(Box::new(error)),
    })
}
