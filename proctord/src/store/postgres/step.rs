//! The steps of an execution, which its units of work write.

use sqlx::PgConnection;

use super::fault::failed;
use crate::domain::execution::Step;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;

/// All steps of an execution, oldest first.
pub(super) async fn list(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query!(
        "SELECT status, at, reason FROM proctor.step WHERE execution_id = $1 ORDER BY number",
        id.as_i64(),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read the steps of an execution"))?;
    let read = rows.into_iter().map(|row| {
        let status = row.status.parse().map_err(|error| {
            StoreError::damaged(format!("the status of a step of execution {id}"), error)
        })?;
        Ok(Step {
            status,
            at: row.at.to_jiff(),
            reason: row.reason,
        })
    });
    read.collect()
}
