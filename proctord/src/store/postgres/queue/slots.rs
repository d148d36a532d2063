//! Slots: locked, counted, given and taken back, in one place.

use std::num::NonZeroU32;

use sqlx::PgConnection;

use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::name::ProcName;
use crate::store::postgres::fault::failed;
use crate::store::postgres::row::{self, Row};
use crate::store::queue::Room;
use crate::store::{Replica, StoreError};

/// What the row of the installation is called in `slot_lock`: no proc has an empty name.
const INSTALLATION: &str = "";

/// Waits until nobody else decides over the slots of the installation. It is locked before any proc, so that no two
/// wait for each other.
pub(super) async fn lock_installation(connection: &mut PgConnection) -> Result<(), StoreError> {
    lock(connection, INSTALLATION).await
}

/// Waits until nobody else decides over the slots of this proc. Statements after this one see what those before
/// have decided.
pub(super) async fn lock_proc(
    connection: &mut PgConnection,
    proc_name: &str,
) -> Result<(), StoreError> {
    lock(connection, proc_name).await
}

async fn lock(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    // An update that changes nothing still locks the row, and makes it if it is not there.
    sqlx::query!(
        "INSERT INTO proctor.slot_lock (proc_name) VALUES ($1)
         ON CONFLICT (proc_name) DO UPDATE SET proc_name = excluded.proc_name",
        name,
    )
    .execute(connection)
    .await
    .map_err(failed("lock slots"))?;
    Ok(())
}

/// How full the installation is.
pub(super) async fn room(
    connection: &mut PgConnection,
    limit: Option<NonZeroU32>,
) -> Result<Room, StoreError> {
    let Some(limit) = limit else {
        return Ok(Room::Unlimited);
    };
    let taken =
        sqlx::query_scalar!(r#"SELECT count(*) AS "taken!" FROM proctor.execution WHERE slot"#)
            .fetch_one(connection)
            .await
            .map_err(failed("count the slots of the installation"))?;
    Ok(Room::Limited { limit, taken })
}

/// How many executions of a proc have a slot or wait for one and are not about to be stopped.
pub(super) async fn ahead(
    connection: &mut PgConnection,
    proc_name: &ProcName,
) -> Result<i64, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM proctor.execution WHERE proc_name = $1 AND slot)
                + (SELECT count(*) FROM proctor.execution
                    WHERE proc_name = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held) AS "ahead!""#,
        proc_name.as_str(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count the slots and the queue of a proc"))
}

/// Gives a slot to one that waits; its own host acts for it, or else the replica. One that has ended or is to be
/// stopped since it was read gets none.
pub(super) async fn give(
    connection: &mut PgConnection,
    id: ExecutionId,
    replica: &Replica,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH mine AS MATERIALIZED (
             SELECT id, owner <> $2 AND (host IS NULL OR host = $3) AS changes_owner FROM proctor.execution
              WHERE id = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held FOR UPDATE)
         UPDATE proctor.execution AS execution
            SET slot = TRUE,
                owner = CASE WHEN changes_owner THEN $2 ELSE execution.owner END,
                fence = execution.fence + CASE WHEN changes_owner THEN 1 ELSE 0 END
           FROM mine WHERE execution.id = mine.id",
        id.as_i64(),
        replica.id,
        replica.host,
    )
    .execute(connection)
    .await
    .map_err(failed("admit an execution"))?;
    Ok(())
}

/// Takes back the slots that executions of other hosts have got and not used, if nobody acts for those hosts. The
/// higher fence keeps one that wakes up late from launching all the same.
pub(super) async fn take_back(
    connection: &mut PgConnection,
    replica: &Replica,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH unused AS MATERIALIZED (
             SELECT id FROM proctor.execution
              WHERE status = 'QUEUED' AND slot AND owner <> $1 AND host <> $2
                AND NOT EXISTS (SELECT FROM proctor.replica
                                 WHERE replica.id = execution.owner AND expires_at > clock_timestamp())
                FOR UPDATE SKIP LOCKED)
         UPDATE proctor.execution AS execution SET slot = FALSE, fence = execution.fence + 1
           FROM unused WHERE execution.id = unused.id",
        replica.id,
        replica.host,
    )
    .execute(connection)
    .await
    .map_err(failed("take back slots that nobody uses"))?;
    Ok(())
}

/// The executions of a replica that have a slot and are not launched yet, oldest first.
pub(super) async fn admitted_of(
    connection: &mut PgConnection,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution
          WHERE owner = $1 AND status = 'QUEUED' AND slot AND stop_at IS NULL AND NOT held
          ORDER BY created_at, id",
        owner,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read what was admitted"))?;
    row::all(rows)
}
