//! The steps of an execution. The first is part of its row, the others are written by the units of work that
//! take them.

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
        r#"SELECT accepted_as AS "status!", created_at AS "at!",
                  CASE accepted_as WHEN 'REQUIREMENT_NOT_MET' THEN reason END AS reason, 0 AS "number!"
             FROM proctor.execution WHERE id = $1 AND accepted_as IS NOT NULL
           UNION ALL
           SELECT status, at, reason, number FROM proctor.step WHERE execution_id = $1
            ORDER BY 4"#,
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
