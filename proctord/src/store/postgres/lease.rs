//! Leases: until when each replica may act for its executions, by the database's clock alone.

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use crate::store::{Replica, StoreError};

/// Says that the replica is alive. Replicas that have been silent for a week are forgotten with it, unless their host
/// has left something: it is to be known since when it is silent.
pub(super) async fn renew(
    database: &Database,
    replica: &Replica,
    lifetime: SignedDuration,
) -> Result<Timestamp, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to renew a lease"))?;
    let until = sqlx::query_scalar!(
        "WITH moment AS MATERIALIZED (
             SELECT clock_timestamp() AS at
         ), forgotten AS (
             DELETE FROM proctor.replica
              WHERE id <> $1 AND expires_at < (SELECT at FROM moment) - interval '7 days'
                AND NOT EXISTS (SELECT FROM proctor.execution
                                 WHERE execution.host = replica.host AND v2_id IS NULL
                                   AND (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))))
         INSERT INTO proctor.replica (id, host, began_at, renewed_at, expires_at)
         SELECT $1, $2, at, at, at + make_interval(secs => $3) FROM moment
         ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, expires_at = excluded.expires_at
         RETURNING expires_at",
        replica.id,
        replica.host,
        lifetime.as_secs_f64(),
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed("renew a lease"))?;
    Ok(until.to_jiff())
}

/// Ends the replica's lease now.
pub(super) async fn give_up(database: &Database, replica_id: &str) -> Result<(), StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to give up a lease"))?;
    sqlx::query!(
        "UPDATE proctor.replica SET expires_at = clock_timestamp()
          WHERE id = $1 AND expires_at > clock_timestamp()",
        replica_id,
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("give up a lease"))?;
    Ok(())
}

/// When somebody of a host has last said that it is alive.
pub(super) async fn last_word_of(
    connection: &mut PgConnection,
    host: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!(
        "SELECT max(renewed_at) FROM proctor.replica WHERE host = $1",
        host,
    )
    .fetch_one(connection)
    .await
    .map_err(failed("look for the last word of a host"))?;
    Ok(at.map(|at| at.to_jiff()))
}

/// Fails unless the replica's own lease holds.
pub(super) async fn check(
    connection: &mut PgConnection,
    replica_id: &str,
) -> Result<(), StoreError> {
    let holds = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM proctor.replica
                           WHERE id = $1 AND expires_at > clock_timestamp()) AS "holds!""#,
        replica_id,
    )
    .fetch_one(connection)
    .await
    .map_err(failed("look at a lease"))?;
    if holds {
        Ok(())
    } else {
        Err(StoreError::LeaseExpired(replica_id.to_owned()))
    }
}
