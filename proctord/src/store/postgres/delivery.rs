//! The deliveries that an execution's end causes. They are written here and sent by others.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::fault::failed;
use super::text::text;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::delivery::Callback;

/// Writes the deliveries of an execution that has just ended.
pub(super) async fn insert(
    connection: &mut PgConnection,
    execution: &Execution,
) -> Result<(), StoreError> {
    let at = execution.updated_at;
    let Some(callback) = Callback::of(execution, at)? else {
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO proctor.delivery
             (id, execution_id, kind, target, payload, state, attempts, next_at, created_at, updated_at)
         VALUES ($1, $2, 'callback', $3, $4, 'pending', 0, $5, $6, $6)",
        callback.id,
        execution.id.as_i64(),
        &*text(callback.target),
        callback.payload,
        callback.next_at.to_sqlx(),
        at.to_sqlx(),
    )
    .execute(connection)
    .await
    .map_err(failed("write a delivery"))?;
    Ok(())
}

/// Lets the deliveries go that wait for the end of the log.
pub(super) async fn release(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE proctor.delivery SET next_at = clock_timestamp(), updated_at = clock_timestamp()
          WHERE execution_id = $1 AND state = 'pending' AND attempts = 0 AND next_at > clock_timestamp()",
        id.as_i64(),
    )
    .execute(connection)
    .await
    .map_err(failed("release a delivery"))?;
    Ok(())
}
