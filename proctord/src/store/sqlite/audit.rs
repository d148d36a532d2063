//! The audit trail: rows are only ever appended here; sealing them is somebody else's work.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::fault::failed;
use super::time::{micros, now};
use crate::sqlite::Database;
use crate::store::{AuditEntry, StoreError};

/// Adds a row in a unit of work of its own.
pub(super) async fn record(records: &Database, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin an audit row"))?;
    insert(&mut unit, entry, now()).await?;
    unit.commit().await.map_err(failed("keep an audit row"))
}

/// Adds a row.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    entry: &AuditEntry,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, who, action, target, source, result, request_id)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(micros(at))
    .bind(&entry.who)
    .bind(entry.action)
    .bind(&entry.target)
    .bind(&entry.source)
    .bind(entry.result.as_str())
    .bind(&entry.request_id)
    .execute(connection)
    .await
    .map_err(failed("write the audit trail"))?;
    Ok(())
}
