//! What a live execution waits for, in its runner's words. It is no step: the next change of state ends it.

use sqlx::PgConnection;

use super::fault::failed;
use super::row;
use super::text::text_if_any;
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;

/// Notes it, or that it waits for nothing.
pub(super) async fn note(
    connection: &mut PgConnection,
    id: ExecutionId,
    fence: Fence,
    waiting: Option<&str>,
) -> Result<(), StoreError> {
    let text = text_if_any(waiting);
    let noted = sqlx::query!(
        "UPDATE proctor.execution SET waiting = $3
          WHERE id = $1 AND fence = $2 AND v2_id IS NULL
            AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')",
        id.as_i64(),
        fence.0,
        text.as_deref(),
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("note what an execution waits for"))?;
    if noted.rows_affected() == 1 {
        return Ok(());
    }
    match row::find(connection, id).await? {
        None => Err(StoreError::NotFound(id)),
        Some(execution) if execution.fence != fence => Err(StoreError::FenceLost(id)),
        // What is over waits for nothing.
        Some(_) => Ok(()),
    }
}
