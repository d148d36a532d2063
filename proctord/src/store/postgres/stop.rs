//! The wish to stop: stored and audited before anything is done about it.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::audit;
use super::database::Database;
use super::fault::failed;
use super::row::{self, Row};
use super::text::text;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::StopIntent;
use crate::store::{AuditEntry, StoreError};

/// Stores a wish to stop.
pub(super) async fn request(
    database: &Database,
    id: ExecutionId,
    intent: StopIntent,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to store a stop"))?;
    let mut execution = lock(&mut unit, id).await?;
    if !execution.is_over() {
        let wish = match execution.stop.take() {
            Some(first) => first.repeated(&intent),
            None => intent,
        };
        execution = update(&mut unit, id, &wish).await?;
    }
    audit::insert(&mut unit, entry).await?;
    unit.commit().await.map_err(failed("keep a stop"))?;
    Ok(execution)
}

/// The executions of a replica that are to be stopped, or are given up.
pub(super) async fn of_owner(
    connection: &mut PgConnection,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution
          WHERE owner = $1 AND stop_at IS NOT NULL AND v2_id IS NULL
            AND (status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING') OR (status = 'LOST' AND log_open))",
        owner,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look for wishes to stop"))?;
    row::all(rows)
}

/// Reads an execution, which nobody else changes until the unit of work is over.
pub(super) async fn lock(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<Execution, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution WHERE id = $1 FOR NO KEY UPDATE",
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read an execution that is to be stopped"))?
    .ok_or(StoreError::NotFound(id))
    .and_then(Execution::try_from)
}

/// Writes a wish.
pub(super) async fn update(
    connection: &mut PgConnection,
    id: ExecutionId,
    wish: &StopIntent,
) -> Result<Execution, StoreError> {
    sqlx::query_as!(
        Row,
        "UPDATE proctor.execution SET stop_by = $2, stop_at = $3, stop_grace_seconds = $4
          WHERE id = $1 RETURNING *",
        id.as_i64(),
        &*text(&wish.by),
        wish.at.to_sqlx(),
        wish.grace_seconds.map(i64::from),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("store a stop"))
    .and_then(Execution::try_from)
}
