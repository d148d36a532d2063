//! Where one stands in the queue, counted when somebody asks.

use std::num::NonZeroU32;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::queue::{Counts, Place, limit_of};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::Columns;

pub(in crate::store::sqlite) const IN_PROC: &str = "
    SELECT plan,
           (SELECT count(*) FROM execution AS other WHERE other.proc_name = mine.proc_name AND other.slot = 1) AS taken,
           (SELECT count(*) FROM execution AS other
             WHERE other.proc_name = mine.proc_name
               AND other.status = 'QUEUED' AND other.slot = 0 AND other.stop_at IS NULL AND other.held = 0) AS waiting,
           (SELECT count(*) FROM execution AS other
             WHERE other.proc_name = mine.proc_name
               AND other.status = 'QUEUED' AND other.slot = 0 AND other.stop_at IS NULL AND other.held = 0
               AND (other.created_at, other.id) < (mine.created_at, mine.id)) AS before
      FROM execution AS mine
     WHERE id = ? AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0";

const AMONG_ALL: &str = "
    SELECT (SELECT count(*) FROM execution AS other WHERE other.slot = 1) AS taken,
           (SELECT count(*) FROM execution AS other
             WHERE other.status = 'QUEUED' AND other.slot = 0 AND other.stop_at IS NULL AND other.held = 0) AS waiting,
           (SELECT count(*) FROM execution AS other
             WHERE other.status = 'QUEUED' AND other.slot = 0 AND other.stop_at IS NULL AND other.held = 0
               AND (other.created_at, other.id) < (mine.created_at, mine.id)) AS before
      FROM execution AS mine
     WHERE id = ? AND status = 'QUEUED' AND slot = 0 AND stop_at IS NULL AND held = 0";

/// The place of an execution; `None` if it does not wait for a slot.
pub(in crate::store::sqlite) async fn of(
    readers: &SqlitePool,
    id: ExecutionId,
    limit: Option<NonZeroU32>,
) -> Result<Option<Place>, StoreError> {
    let found = sqlx::query(IN_PROC)
        .bind(id.as_i64())
        .fetch_optional(readers)
        .await
        .map_err(failed("find the place in the queue of a proc"))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let columns = Columns::new(&found, format!("execution {id}"));
    let max_concurrent = limit_of(id, columns.get("plan")?)?;
    let place = counts(id, &found)?.place_in_proc(max_concurrent);
    match limit {
        Some(limit) if place.limit.is_none() => among_all(readers, id, limit).await,
        _ => Ok(Some(place)),
    }
}

async fn among_all(
    readers: &SqlitePool,
    id: ExecutionId,
    limit: NonZeroU32,
) -> Result<Option<Place>, StoreError> {
    let found = sqlx::query(AMONG_ALL)
        .bind(id.as_i64())
        .fetch_optional(readers)
        .await
        .map_err(failed("find the place among all that wait"))?;
    let counts = found.map(|row| counts(id, &row)).transpose()?;
    Ok(counts.map(|counts| counts.place_among_all(limit)))
}

fn counts(id: ExecutionId, row: &SqliteRow) -> Result<Counts, StoreError> {
    let columns = Columns::new(row, format!("execution {id}"));
    Ok(Counts {
        before: columns.get("before")?,
        waiting: columns.get("waiting")?,
        taken: columns.get("taken")?,
    })
}
