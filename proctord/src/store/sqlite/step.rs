//! The steps of an execution: one row for each state it reached, never changed.

use jiff::Timestamp;
use sqlx::{SqliteConnection, SqliteExecutor};

use super::fault::failed;
use super::row::Columns;
use super::time::micros;
use crate::domain::execution::{Execution, Step};
use crate::domain::id::ExecutionId;
use crate::store::StoreError;

/// Adds the state in which the execution now stands.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    execution: &Execution,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO step (execution_id, number, status, at, reason)
         SELECT ?1, count(*), ?2, ?3, ?4 FROM step WHERE execution_id = ?1",
    )
    .bind(execution.id.as_i64())
    .bind(execution.status().as_str())
    .bind(micros(at))
    .bind(execution.state.reason())
    .execute(connection)
    .await
    .map_err(failed("write a step"))?;
    Ok(())
}

/// All steps of an execution, oldest first.
pub(super) async fn list(
    executor: impl SqliteExecutor<'_>,
    id: ExecutionId,
) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, status, at, reason FROM step WHERE execution_id = ? ORDER BY number",
    )
    .bind(id.as_i64())
    .fetch_all(executor)
    .await
    .map_err(failed("read the steps of an execution"))?;
    rows.iter()
        .map(|row| {
            let columns = Columns::new(row, format!("a step of execution {id}"));
            Ok(Step {
                status: columns.parse("status")?,
                at: columns.moment("at")?,
                reason: columns.get("reason")?,
            })
        })
        .collect()
}
