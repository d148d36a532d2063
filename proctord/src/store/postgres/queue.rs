//! The slots of a proc and the queue before them. A slot is a row with `slot`, so nothing can leak: what ends has
//! none. Whoever gives slots out holds the proc's row of `slot_lock` until its commit.

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::row::{self, Row};
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::store::{Replica, StoreError};

/// Waits until nobody else decides over the slots of this proc. Statements after this one see what those before
/// have decided.
pub(super) async fn lock(
    connection: &mut PgConnection,
    proc_name: &ProcName,
) -> Result<(), StoreError> {
    // An update that changes nothing still locks the row, and makes it if it is not there.
    sqlx::query!(
        "INSERT INTO proctor.slot_lock (proc_name) VALUES ($1)
         ON CONFLICT (proc_name) DO UPDATE SET proc_name = excluded.proc_name",
        proc_name.as_str(),
    )
    .execute(connection)
    .await
    .map_err(failed("lock the slots of a proc"))?;
    Ok(())
}

/// Gives the free slots of a proc to those who wait longest.
pub(super) async fn admit(
    database: &Database,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    if !somebody_waits(database, proc_name).await? {
        return Ok(Vec::new());
    }
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to admit executions"))?;
    lock(&mut unit, proc_name).await?;
    let mut admitted = given(&mut unit, proc_name, replica).await?;
    let mut taken = taken(&mut unit, proc_name).await?;
    while let Some(next) = longest_waiting(&mut unit, proc_name, replica).await? {
        if next
            .plan
            .max_concurrent
            .is_some_and(|limit| taken >= i64::from(limit))
        {
            break;
        }
        if let Some(execution) = give_slot(&mut unit, &next, replica).await? {
            admitted.push(execution);
            taken += 1;
        }
    }
    unit.commit()
        .await
        .map_err(failed("keep admitted executions"))?;
    Ok(admitted)
}

/// Most procs have no queue: they are not to pay for its lock each time that one of their executions ends.
async fn somebody_waits(database: &Database, proc_name: &ProcName) -> Result<bool, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to read a queue"))?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM proctor.execution
                           WHERE proc_name = $1 AND status = 'QUEUED' AND stop_at IS NULL AND NOT held) AS "some!""#,
        proc_name.as_str(),
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed("look for a queue"))
}

/// Those that the replica has been given and that are not launched yet.
async fn given(
    connection: &mut PgConnection,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution
          WHERE proc_name = $1 AND slot AND status = 'QUEUED' AND owner = $2 AND stop_at IS NULL AND NOT held
          ORDER BY created_at, id",
        proc_name.as_str(),
        replica.id,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read what was admitted before"))?;
    row::all(rows)
}

async fn taken(connection: &mut PgConnection, proc_name: &ProcName) -> Result<i64, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "taken!" FROM proctor.execution WHERE proc_name = $1 AND slot"#,
        proc_name.as_str(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count the slots of a proc"))
}

/// How many executions of a proc have a slot or wait for one and are neither held nor about to be stopped.
pub(super) async fn ahead(
    connection: &mut PgConnection,
    proc_name: &ProcName,
) -> Result<i64, StoreError> {
    let taken = taken(connection, proc_name).await?;
    let waiting = sqlx::query_scalar!(
        r#"SELECT count(*) AS "waiting!" FROM proctor.execution
            WHERE proc_name = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held"#,
        proc_name.as_str(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count the queue of a proc"))?;
    Ok(taken + waiting)
}

async fn longest_waiting(
    connection: &mut PgConnection,
    proc_name: &ProcName,
    replica: &Replica,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution
          WHERE proc_name = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held
            AND (host IS NULL OR host = $2)
          ORDER BY created_at, id LIMIT 1",
        proc_name.as_str(),
        replica.host,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read the queue of a proc"))?
    .map(Execution::try_from)
    .transpose()
}

/// `None` if it has ended, is held or is to be stopped since it was read: no slot is for it.
async fn give_slot(
    connection: &mut PgConnection,
    execution: &Execution,
    replica: &Replica,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query_as!(
        Row,
        "WITH mine AS MATERIALIZED (
             SELECT id FROM proctor.execution
              WHERE id = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held
                FOR UPDATE)
         UPDATE proctor.execution AS execution
            SET slot = TRUE, owner = $2,
                fence = execution.fence + CASE WHEN execution.owner = $2 THEN 0 ELSE 1 END
           FROM mine WHERE execution.id = mine.id
         RETURNING execution.*",
        execution.id.as_i64(),
        replica.id,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("admit an execution"))?
    .map(Execution::try_from)
    .transpose()
}
