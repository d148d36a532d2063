//! The wish to stop: stored and audited before anything is done about it.

use sqlx::{SqliteConnection, SqlitePool};

use super::fault::failed;
use super::time::{micros, now};
use super::{audit, row};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::StopIntent;
use crate::sqlite::Database;
use crate::store::{AuditEntry, StoreError};

/// Stores a wish to stop.
pub(super) async fn request(
    records: &Database,
    id: ExecutionId,
    intent: StopIntent,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to store a stop"))?;
    let mut execution = row::find(&mut *unit, id)
        .await?
        .ok_or(StoreError::NotFound(id))?;
    if !execution.is_over() {
        let wish = match execution.stop.take() {
            Some(first) => first.repeated(&intent),
            None => intent,
        };
        execution = update(&mut unit, id, &wish).await?;
    }
    audit::insert(&mut unit, entry, now()).await?;
    unit.commit().await.map_err(failed("keep a stop"))?;
    Ok(execution)
}

pub(super) const OF_OWNER: &str = "
    SELECT * FROM execution WHERE owner = ?1 AND stop_at IS NOT NULL AND live = 1
    UNION ALL
    SELECT * FROM execution
     WHERE owner = ?1 AND stop_at IS NOT NULL AND v2_id IS NULL AND status = 'LOST' AND log_open = 1";

/// The executions of a replica that are to be stopped, or are given up.
pub(super) async fn of_owner(
    readers: &SqlitePool,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query(OF_OWNER)
        .bind(owner)
        .fetch_all(readers)
        .await
        .map_err(failed("look for wishes to stop"))?;
    rows.iter().map(row::execution).collect()
}

/// Writes a wish.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    wish: &StopIntent,
) -> Result<Execution, StoreError> {
    let row = sqlx::query(
        "UPDATE execution SET stop_by = ?2, stop_at = ?3, stop_grace_seconds = ?4 WHERE id = ?1 RETURNING *",
    )
    .bind(id.as_i64())
    .bind(&wish.by)
    .bind(micros(wish.at))
    .bind(wish.grace_seconds)
    .fetch_one(connection)
    .await
    .map_err(failed("store a stop"))?;
    row::execution(&row)
}
