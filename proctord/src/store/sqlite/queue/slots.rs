//! Slots: counted, given and taken back, in one place.

use std::num::NonZeroU32;

use sqlx::{SqliteConnection, SqliteExecutor};

use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::name::ProcName;
use crate::store::queue::Room;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row;
use crate::store::{Replica, StoreError};

pub(in crate::store::sqlite) const TAKEN: &str =
    "SELECT count(*) FROM execution WHERE proc_name = ? AND slot = 1";

pub(in crate::store::sqlite) const WAITING: &str = "
    SELECT count(*) FROM execution
     WHERE proc_name = ? AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0";

pub(in crate::store::sqlite) const ADMITTED: &str = "
    SELECT * FROM execution WHERE owner = ? AND status = 'QUEUED' AND slot = 1 AND stop_at IS NULL AND held = 0";

pub(in crate::store::sqlite) const UNUSED: &str = "
    SELECT id FROM execution
     WHERE status = 'QUEUED' AND slot = 1 AND owner <> ?1 AND host <> ?2
       AND NOT EXISTS (SELECT 1 FROM replica WHERE replica.id = execution.owner AND expires_at > ?3)";

const TAKEN_BY_ALL: &str = "SELECT count(*) FROM execution WHERE slot = 1";

/// How many slots of a proc are taken.
pub(super) async fn taken(
    connection: &mut SqliteConnection,
    proc_name: &str,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(TAKEN)
        .bind(proc_name)
        .fetch_one(connection)
        .await
        .map_err(failed("count the slots of a proc"))
}

/// How many executions of a proc wait for a slot and are not about to be stopped.
pub(super) async fn waiting(
    connection: &mut SqliteConnection,
    proc_name: &ProcName,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(WAITING)
        .bind(proc_name.as_str())
        .fetch_one(connection)
        .await
        .map_err(failed("count the queue of a proc"))
}

/// How full the installation is.
pub(super) async fn room(
    connection: &mut SqliteConnection,
    limit: Option<NonZeroU32>,
) -> Result<Room, StoreError> {
    let Some(limit) = limit else {
        return Ok(Room::Unlimited);
    };
    let counting = sqlx::query_scalar(TAKEN_BY_ALL).fetch_one(connection);
    let taken = counting
        .await
        .map_err(failed("count the slots of the installation"))?;
    Ok(Room::Limited { limit, taken })
}

/// Gives a slot to one that waits; its own host acts for it, or else the replica.
pub(super) async fn give(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    replica: &Replica,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE execution
            SET slot = 1,
                owner = CASE WHEN host IS NULL OR host = ?3 THEN ?2 ELSE owner END,
                fence = fence + (owner <> ?2 AND (host IS NULL OR host = ?3))
          WHERE id = ?1",
    )
    .bind(id.as_i64())
    .bind(&replica.id)
    .bind(&replica.host)
    .execute(connection)
    .await
    .map_err(failed("admit an execution"))?;
    Ok(())
}

/// Whether there is anything to take back.
pub(super) async fn are_unused(
    connection: &mut SqliteConnection,
    replica: &Replica,
    at: i64,
) -> Result<bool, StoreError> {
    let found = sqlx::query(UNUSED)
        .bind(&replica.id)
        .bind(&replica.host)
        .bind(at)
        .fetch_optional(connection)
        .await;
    let found = found.map_err(failed("look for slots that nobody uses"))?;
    Ok(found.is_some())
}

/// Takes back the slots that executions of other hosts have got and not used, if nobody acts for those hosts. The
/// higher fence keeps one that wakes up late from launching all the same.
pub(super) async fn take_back(
    connection: &mut SqliteConnection,
    replica: &Replica,
    at: i64,
) -> Result<(), StoreError> {
    let update = sqlx::AssertSqlSafe(format!(
        "UPDATE execution SET slot = 0, fence = fence + 1 WHERE id IN ({UNUSED})"
    ));
    sqlx::query(update)
        .bind(&replica.id)
        .bind(&replica.host)
        .bind(at)
        .execute(connection)
        .await
        .map_err(failed("take back slots that nobody uses"))?;
    Ok(())
}

/// The executions of a replica that have a slot and are not launched yet, oldest first.
pub(in crate::store::sqlite) async fn admitted_of(
    executor: impl SqliteExecutor<'_>,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query(ADMITTED)
        .bind(owner)
        .fetch_all(executor)
        .await
        .map_err(failed("read what was admitted"))?;
    let admitted: Result<Vec<_>, _> = rows.iter().map(row::execution).collect();
    let mut admitted = admitted?;
    admitted.sort_by_key(|execution| (execution.created_at, execution.id));
    Ok(admitted)
}
