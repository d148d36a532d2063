//! How an execution ended after all that had been LOST. It is no change of state; the first one stands.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::fault::failed;
use super::row::{self, Row};
use super::text::text_if_any;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::LateOutcome;
use crate::store::StoreError;
use crate::store::late;
use crate::store::state::LateColumns;

/// Keeps it, unless one is kept already.
pub(super) async fn note(
    connection: &mut PgConnection,
    id: ExecutionId,
    fence: Fence,
    outcome: LateOutcome,
) -> Result<Execution, StoreError> {
    let columns = LateColumns::from(outcome);
    let reason = text_if_any(columns.reason.as_deref());
    let noted = sqlx::query_as!(
        Row,
        "UPDATE proctor.execution
            SET late_status = $3, late_exit_code = $4, late_signal = $5, late_reason = $6, late_at = $7,
                updated_at = clock_timestamp()
          WHERE id = $1 AND fence = $2 AND status = 'LOST' AND v2_id IS NULL AND late_status IS NULL
         RETURNING *",
        id.as_i64(),
        fence.0,
        columns.status.map(|status| status.as_str()),
        columns.exit_code,
        columns.signal,
        reason.as_deref(),
        columns.at.map(ToSqlx::to_sqlx),
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed("write a late outcome"))?;
    match noted {
        Some(noted) => Execution::try_from(noted),
        None => late::as_it_stands(row::find(connection, id).await?, id, fence),
    }
}
