//! Leases: until when each replica may act for its executions, by this machine's clock.

use jiff::{SignedDuration, Timestamp};
use sqlx::{SqliteConnection, SqlitePool};

use super::fault::failed;
use super::time::{micros, now};
use crate::sqlite::Database;
use crate::store::{Replica, StoreError};

/// A replica that was silent for so long is forgotten.
const MEMORY: SignedDuration = SignedDuration::from_hours(7 * 24);

const FORGET: &str = "
    DELETE FROM replica
     WHERE id <> ? AND expires_at < ?
       AND NOT EXISTS (SELECT 1 FROM execution
                        WHERE execution.host = replica.host AND (live = 1 OR log_open = 1))";

/// Says that the replica is alive. Others are forgotten after a while, unless their host has left something: it is to be
/// known since when it is silent.
pub(super) async fn renew(
    records: &Database,
    replica: &Replica,
    lifetime: SignedDuration,
) -> Result<Timestamp, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to renew a lease"))?;
    let at = now();
    let until = at.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
    sqlx::query(FORGET)
        .bind(&replica.id)
        .bind(at.saturating_sub(MEMORY).map_or(i64::MIN, micros))
        .execute(&mut *unit)
        .await
        .map_err(failed("forget old replicas"))?;
    sqlx::query(
        "INSERT INTO replica (id, host, began_at, renewed_at, expires_at) VALUES (?1, ?2, ?3, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, expires_at = excluded.expires_at",
    )
    .bind(&replica.id)
    .bind(&replica.host)
    .bind(micros(at))
    .bind(micros(until))
    .execute(&mut *unit)
    .await
    .map_err(failed("renew a lease"))?;
    unit.commit().await.map_err(failed("keep a lease"))?;
    Ok(until)
}

/// Ends the replica's lease now.
pub(super) async fn give_up(records: &Database, replica_id: &str) -> Result<(), StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to give up a lease"))?;
    sqlx::query("UPDATE replica SET expires_at = ?2 WHERE id = ?1 AND expires_at > ?2")
        .bind(replica_id)
        .bind(micros(now()))
        .execute(&mut *unit)
        .await
        .map_err(failed("give up a lease"))?;
    unit.commit()
        .await
        .map_err(failed("keep that a lease was given up"))
}

/// When somebody of a host has last said that it is alive.
pub(super) async fn last_word_of(
    readers: &SqlitePool,
    host: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT max(renewed_at) FROM replica WHERE host = ?")
        .bind(host)
        .fetch_one(readers)
        .await
        .map_err(failed("look for the last word of a host"))?;
    let damaged = |error| StoreError::damaged(format!("the last word of host {host}"), error);
    at.map(Timestamp::from_microsecond)
        .transpose()
        .map_err(damaged)
}

/// Fails unless the replica's own lease holds.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    replica_id: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let holds: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM replica WHERE id = ? AND expires_at > ?)")
            .bind(replica_id)
            .bind(micros(at))
            .fetch_one(connection)
            .await
            .map_err(failed("look at a lease"))?;
    if holds {
        Ok(())
    } else {
        Err(StoreError::LeaseExpired(replica_id.to_owned()))
    }
}
