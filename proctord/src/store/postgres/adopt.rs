//! Adoption: executions get a new owner and a higher fence. Their rows are locked against every write under the
//! old fence, so that none is under way when the new owner begins.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::lease;
use super::row::{self, Row};
use crate::domain::execution::Execution;
use crate::store::{Replica, StoreError};

/// Everything unfinished that belongs to a replica.
pub(super) async fn unfinished_of(
    connection: &mut PgConnection,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution
          WHERE owner = $1
            AND v2_id IS NULL AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))",
        owner,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look for what is unfinished"))?;
    in_order(rows)
}

/// Takes over everything unfinished of the replica's host.
pub(super) async fn of_host(
    database: &Database,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to adopt executions"))?;
    // Whether an admitted one was launched died with its owner: it goes back to its place in the queue.
    let rows = sqlx::query_as!(
        Row,
        "WITH left_behind AS MATERIALIZED (
             SELECT id FROM proctor.execution
              WHERE host = $1
                AND v2_id IS NULL AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))
              ORDER BY id FOR UPDATE)
         UPDATE proctor.execution AS execution
            SET owner = $2, fence = execution.fence + 1, slot = execution.slot AND execution.status <> 'QUEUED'
           FROM left_behind WHERE execution.id = left_behind.id
         RETURNING execution.*",
        replica.host,
        replica.id,
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("adopt the executions of a host"))?;
    in_order(rows)
}

/// Takes over unfinished executions of replicas whose lease has run out.
pub(super) async fn of_silent(
    database: &Database,
    replica: &Replica,
    limit: NonZeroU32,
) -> Result<Vec<Execution>, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to adopt executions"))?;
    lease::check(&mut connection, &replica.id).await?;
    let rows = sqlx::query_as!(
        Row,
        "WITH left_behind AS MATERIALIZED (
             SELECT id FROM proctor.execution
              WHERE host IS NULL AND owner <> $1
                AND v2_id IS NULL AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))
                AND NOT EXISTS (SELECT FROM proctor.replica
                                 WHERE replica.id = execution.owner AND expires_at > clock_timestamp())
              ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
         UPDATE proctor.execution AS execution
            SET owner = $1, fence = execution.fence + 1, slot = execution.slot AND execution.status <> 'QUEUED'
           FROM left_behind WHERE execution.id = left_behind.id
         RETURNING execution.*",
        replica.id,
        i64::from(limit.get()),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("adopt the executions of a silent replica"))?;
    in_order(rows)
}

/// Takes over unfinished executions of other hosts that have been silent for longer than `patience`.
pub(super) async fn of_silent_hosts(
    database: &Database,
    replica: &Replica,
    patience: SignedDuration,
    limit: NonZeroU32,
) -> Result<Vec<Execution>, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to adopt executions"))?;
    lease::check(&mut connection, &replica.id).await?;
    // A host of which no replica is remembered is as old as what it has last done.
    let rows = sqlx::query_as!(
        Row,
        "WITH left_behind AS MATERIALIZED (
             SELECT id FROM proctor.execution
              WHERE host IS NOT NULL AND host <> $2 AND owner <> $1
                AND v2_id IS NULL AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))
                AND NOT EXISTS (SELECT FROM proctor.replica
                                 WHERE replica.id = execution.owner AND expires_at > clock_timestamp())
                AND coalesce((SELECT max(renewed_at) FROM proctor.replica WHERE replica.host = execution.host),
                             updated_at) < clock_timestamp() - make_interval(secs => $3)
              ORDER BY created_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
         UPDATE proctor.execution AS execution
            SET owner = $1, fence = execution.fence + 1, slot = execution.slot AND execution.status <> 'QUEUED'
           FROM left_behind WHERE execution.id = left_behind.id
         RETURNING execution.*",
        replica.id,
        replica.host,
        patience.as_secs_f64(),
        i64::from(limit.get()),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("adopt the executions of silent hosts"))?;
    in_order(rows)
}

fn in_order(rows: Vec<Row>) -> Result<Vec<Execution>, StoreError> {
    let mut executions = row::all(rows)?;
    executions.sort_by_key(|execution| (execution.created_at, execution.id));
    Ok(executions)
}
