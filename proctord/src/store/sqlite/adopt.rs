//! Adoption: a replica takes over what its host, or another replica, has left unfinished. Once it has returned,
//! no write under an older fence can land, in either file.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::fault::failed;
use super::time::{micros, now};
use super::{SqliteStore, lease, row};
use crate::domain::execution::Execution;
use crate::store::{Replica, StoreError};

pub(super) const UNFINISHED: &str =
    "SELECT * FROM execution WHERE owner = ? AND (live = 1 OR log_open = 1)";

/// Everything unfinished that belongs to a replica.
pub(super) async fn unfinished_of(
    readers: &SqlitePool,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query(UNFINISHED)
        .bind(owner)
        .fetch_all(readers)
        .await
        .map_err(failed("look for what is unfinished"))?;
    in_order(&rows)
}

pub(super) const ADOPT: &str = "
    UPDATE execution SET owner = ?2, fence = fence + 1, slot = slot AND status <> 'QUEUED'
     WHERE host = ?1 AND (live = 1 OR log_open = 1)
    RETURNING *";

/// Takes over everything unfinished of the replica's host.
pub(super) async fn adopt_host(
    store: &SqliteStore,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to adopt executions"))?;
    // Whether an admitted one was launched died with its owner: it goes back to its place in the queue.
    let rows = sqlx::query(ADOPT)
        .bind(&replica.host)
        .bind(&replica.id)
        .fetch_all(&mut *unit)
        .await
        .map_err(failed("adopt executions"))?;
    unit.commit()
        .await
        .map_err(failed("keep adopted executions"))?;
    wait_for_appends(store).await?;
    in_order(&rows)
}

pub(super) const ADOPT_SILENT: &str = "
    UPDATE execution SET owner = ?1, fence = fence + 1, slot = slot AND status <> 'QUEUED'
     WHERE id IN (SELECT id FROM execution
                   WHERE host IS NULL AND owner <> ?1 AND (live = 1 OR log_open = 1)
                     AND NOT EXISTS (SELECT 1 FROM replica
                                      WHERE replica.id = execution.owner AND expires_at > ?3)
                   ORDER BY created_at, id LIMIT ?2)
    RETURNING *";

/// Takes over unfinished executions of replicas whose lease has run out.
pub(super) async fn adopt_silent(
    store: &SqliteStore,
    replica: &Replica,
    limit: NonZeroU32,
) -> Result<Vec<Execution>, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to adopt executions"))?;
    let at = now();
    lease::check(&mut unit, &replica.id, at).await?;
    let rows = sqlx::query(ADOPT_SILENT)
        .bind(&replica.id)
        .bind(limit.get())
        .bind(micros(at))
        .fetch_all(&mut *unit)
        .await
        .map_err(failed("adopt the executions of a silent replica"))?;
    keep(store, unit, &rows).await
}

/// A host of which no replica is remembered is as old as what it has last done.
const ADOPT_FROM_SILENT_HOSTS: &str = "
    UPDATE execution SET owner = ?1, fence = fence + 1, slot = slot AND status <> 'QUEUED'
     WHERE id IN (SELECT id FROM execution
                   WHERE host IS NOT NULL AND host <> ?2 AND owner <> ?1 AND (live = 1 OR log_open = 1)
                     AND NOT EXISTS (SELECT 1 FROM replica
                                      WHERE replica.id = execution.owner AND expires_at > ?3)
                     AND coalesce((SELECT max(renewed_at) FROM replica WHERE replica.host = execution.host),
                                  updated_at) < ?4
                   ORDER BY created_at, id LIMIT ?5)
    RETURNING *";

/// Takes over unfinished executions of other hosts that have been silent for longer than `patience`.
pub(super) async fn adopt_from_silent_hosts(
    store: &SqliteStore,
    replica: &Replica,
    patience: SignedDuration,
    limit: NonZeroU32,
) -> Result<Vec<Execution>, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to adopt executions"))?;
    let at = now();
    lease::check(&mut unit, &replica.id, at).await?;
    let rows = sqlx::query(ADOPT_FROM_SILENT_HOSTS)
        .bind(&replica.id)
        .bind(&replica.host)
        .bind(micros(at))
        .bind(at.saturating_sub(patience).map_or(i64::MIN, micros))
        .bind(limit.get())
        .fetch_all(&mut *unit)
        .await
        .map_err(failed("adopt the executions of silent hosts"))?;
    keep(store, unit, &rows).await
}

async fn keep(
    store: &SqliteStore,
    unit: Transaction<'static, Sqlite>,
    rows: &[SqliteRow],
) -> Result<Vec<Execution>, StoreError> {
    // As nearly always: nothing is written then.
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    unit.commit()
        .await
        .map_err(failed("keep adopted executions"))?;
    wait_for_appends(store).await?;
    in_order(rows)
}

fn in_order(rows: &[SqliteRow]) -> Result<Vec<Execution>, StoreError> {
    let mut executions = rows
        .iter()
        .map(row::execution)
        .collect::<Result<Vec<_>, _>>()?;
    executions.sort_by_key(|execution| (execution.created_at, execution.id));
    Ok(executions)
}

/// An append takes the lock of the log file before it looks at the fence. This takes that lock once, so that
/// every append that saw an older fence is done and every later one sees the new one.
async fn wait_for_appends(store: &SqliteStore) -> Result<(), StoreError> {
    let mut unit = store
        .logs
        .begin_beside()
        .await
        .map_err(failed("begin to wait for log writes"))?;
    sqlx::query("DELETE FROM log WHERE execution_id = -1")
        .execute(&mut *unit)
        .await
        .map_err(failed("wait for log writes"))?;
    unit.commit().await.map_err(failed("wait for log writes"))
}
