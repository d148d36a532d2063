//! How an execution ended after all that had been LOST. It is no change of state; the first one stands.

use super::fault::failed;
use super::row;
use super::time::{micros, now};
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::LateOutcome;
use crate::sqlite::Database;
use crate::store::StoreError;
use crate::store::late;
use crate::store::state::LateColumns;

/// Keeps it, unless one is kept already.
pub(super) async fn note(
    records: &Database,
    id: ExecutionId,
    fence: Fence,
    outcome: LateOutcome,
) -> Result<Execution, StoreError> {
    let columns = LateColumns::from(outcome);
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to keep a late outcome"))?;
    let noted = sqlx::query(
        "UPDATE execution
            SET late_status = ?3, late_exit_code = ?4, late_signal = ?5, late_reason = ?6, late_at = ?7,
                updated_at = ?8
          WHERE id = ?1 AND fence = ?2 AND status = 'LOST' AND v2_id IS NULL AND late_status IS NULL
         RETURNING *",
    )
    .bind(id.as_i64())
    .bind(fence.0)
    .bind(columns.status.map(|status| status.as_str()))
    .bind(columns.exit_code)
    .bind(columns.signal)
    .bind(columns.reason)
    .bind(columns.at.map(micros))
    .bind(micros(now()))
    .fetch_optional(&mut *unit)
    .await
    .map_err(failed("write a late outcome"))?;
    let Some(noted) = noted else {
        return late::as_it_stands(row::find(&mut *unit, id).await?, id, fence);
    };
    let execution = row::execution(&noted)?;
    unit.commit().await.map_err(failed("keep a late outcome"))?;
    Ok(execution)
}
