//! The deliveries that an execution's end causes. They are written here and sent by others.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::fault::failed;
use super::time::micros;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::delivery::Callback;

pub(super) const RELEASE: &str = "
    UPDATE delivery SET next_at = ?2, updated_at = ?2
     WHERE execution_id = ?1 AND state = 'pending' AND attempts = 0 AND next_at > ?2";

/// Writes the deliveries of an execution that has just ended.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    execution: &Execution,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(callback) = Callback::of(execution, at)? else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO delivery
             (id, execution_id, kind, target, payload, state, attempts, next_at, created_at, updated_at)
         VALUES (?1, ?2, 'callback', ?3, ?4, 'pending', 0, ?5, ?6, ?6)",
    )
    .bind(callback.id)
    .bind(execution.id.as_i64())
    .bind(callback.target)
    .bind(callback.payload)
    .bind(micros(callback.next_at))
    .bind(micros(at))
    .execute(connection)
    .await
    .map_err(failed("write a delivery"))?;
    Ok(())
}

/// Lets the deliveries go that wait for the end of the log.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(RELEASE)
        .bind(id.as_i64())
        .bind(micros(at))
        .execute(connection)
        .await
        .map_err(failed("release a delivery"))?;
    Ok(())
}
