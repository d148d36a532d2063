//! What a live execution waits for, in its runner's words. It is no step: the next change of state ends it.

use super::fault::failed;
use super::row;
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::sqlite::Database;
use crate::store::StoreError;

/// Notes it, or that it waits for nothing.
pub(super) async fn note(
    records: &Database,
    id: ExecutionId,
    fence: Fence,
    waiting: Option<&str>,
) -> Result<(), StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to note what an execution waits for"))?;
    let execution = row::find(&mut *unit, id)
        .await?
        .ok_or(StoreError::NotFound(id))?;
    if execution.fence != fence {
        return Err(StoreError::FenceLost(id));
    }
    if execution.is_over() {
        return Ok(());
    }
    sqlx::query("UPDATE execution SET waiting = ? WHERE id = ?")
        .bind(waiting)
        .bind(id.as_i64())
        .execute(&mut *unit)
        .await
        .map_err(failed("note what an execution waits for"))?;
    unit.commit()
        .await
        .map_err(failed("keep what an execution waits for"))
}
