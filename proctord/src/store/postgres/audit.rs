//! The audit trail: rows are only ever appended here; sealing them is somebody else's work.

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::text::text;
use crate::store::{AuditEntry, StoreError};

/// Adds a row in a unit of work of its own.
pub(super) async fn record(database: &Database, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database for an audit row"))?;
    insert(&mut connection, entry).await
}

/// Adds a row.
pub(super) async fn insert(
    connection: &mut PgConnection,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
         VALUES (clock_timestamp(), $1, $2, $3, $4, $5, $6)",
        &*text(&entry.who),
        entry.action,
        &*text(&entry.target),
        &*text(&entry.source),
        entry.result.as_str(),
        &*text(&entry.request_id),
    )
    .execute(connection)
    .await
    .map_err(failed("write the audit trail"))?;
    Ok(())
}
