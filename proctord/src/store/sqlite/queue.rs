//! The slots of a proc and the queue before them. A slot is a row with `slot = 1`, so nothing can leak: what
//! ends has none.

use sqlx::{SqliteConnection, SqliteExecutor};

use super::fault::failed;
use super::row;
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::sqlite::Database;
use crate::store::{Replica, StoreError};

pub(super) const TAKEN: &str = "SELECT count(*) FROM execution WHERE proc_name = ? AND slot = 1";

pub(super) const WAITING: &str = "
    SELECT count(*) FROM execution
     WHERE proc_name = ? AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0";

pub(super) const LONGEST_WAITING: &str = "
    SELECT * FROM execution
     WHERE proc_name = ? AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0
       AND (host IS NULL OR host = ?)
     ORDER BY created_at, id LIMIT 1";

pub(super) const GIVEN: &str = "
    SELECT * FROM execution
     WHERE proc_name = ? AND slot = 1 AND status = 'QUEUED' AND owner = ? AND stop_at IS NULL AND held = 0";

/// How many slots of a proc are taken.
pub(super) async fn taken(
    executor: impl SqliteExecutor<'_>,
    proc_name: &ProcName,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(TAKEN)
        .bind(proc_name.as_str())
        .fetch_one(executor)
        .await
        .map_err(failed("count the slots of a proc"))
}

/// How many executions of a proc wait for a slot and are neither held nor about to be stopped.
pub(super) async fn waiting(
    executor: impl SqliteExecutor<'_>,
    proc_name: &ProcName,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(WAITING)
        .bind(proc_name.as_str())
        .fetch_one(executor)
        .await
        .map_err(failed("count the queue of a proc"))
}

/// Gives the free slots of a proc to those who wait longest.
pub(super) async fn admit(
    records: &Database,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to admit executions"))?;
    let mut taken = taken(&mut *unit, proc_name).await?;
    let mut admitted = given(&mut unit, proc_name, replica).await?;
    while let Some(next) = longest_waiting(&mut unit, proc_name, replica).await? {
        if next
            .plan
            .max_concurrent
            .is_some_and(|limit| taken >= i64::from(limit))
        {
            break;
        }
        admitted.push(give_slot(&mut unit, &next, &replica.id).await?);
        taken += 1;
    }
    unit.commit()
        .await
        .map_err(failed("keep admitted executions"))?;
    Ok(admitted)
}

/// Those that the replica has been given and that are not launched yet.
async fn given(
    connection: &mut SqliteConnection,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query(GIVEN)
        .bind(proc_name.as_str())
        .bind(&replica.id)
        .fetch_all(connection)
        .await
        .map_err(failed("read what was admitted before"))?;
    let mut given = rows
        .iter()
        .map(row::execution)
        .collect::<Result<Vec<_>, _>>()?;
    given.sort_by_key(|execution| (execution.created_at, execution.id));
    Ok(given)
}

async fn longest_waiting(
    connection: &mut SqliteConnection,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query(LONGEST_WAITING)
        .bind(proc_name.as_str())
        .bind(&replica.host)
        .fetch_optional(connection)
        .await
        .map_err(failed("read the queue of a proc"))?
        .map(|row| row::execution(&row))
        .transpose()
}

async fn give_slot(
    connection: &mut SqliteConnection,
    execution: &Execution,
    owner: &str,
) -> Result<Execution, StoreError> {
    let row = sqlx::query(
        "UPDATE execution SET slot = 1, owner = ?2, fence = fence + (owner <> ?2)
          WHERE id = ?1 RETURNING *",
    )
    .bind(execution.id.as_i64())
    .bind(owner)
    .fetch_one(connection)
    .await
    .map_err(failed("admit an execution"))?;
    row::execution(&row)
}
