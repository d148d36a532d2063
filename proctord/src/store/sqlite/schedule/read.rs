//! How a row of `schedule` reads, and which rows there are.

use std::num::NonZeroU32;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqliteExecutor, SqlitePool};

use crate::domain::name::ProcName;
use crate::domain::schedule::{Held, Schedule, ScheduleId};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::Columns;
use crate::store::sqlite::time::micros;
use crate::store::{DueSchedules, StoreError};

pub(in crate::store::sqlite) const ALIVE: &str =
    "SELECT * FROM schedule WHERE removed_at IS NULL ORDER BY created_at, id";

pub(in crate::store::sqlite) const OF_PROC: &str =
    "SELECT * FROM schedule WHERE removed_at IS NULL AND proc_name = ? ORDER BY created_at, id";

pub(in crate::store::sqlite) const HELD: &str =
    "SELECT count(*) FROM schedule WHERE id > 0 AND removed_at IS NULL AND held_by IS NOT NULL";

pub(in crate::store::sqlite) const DUE: &str = "
    SELECT * FROM schedule WHERE removed_at IS NULL AND paused = 0 AND next_at <= ? ORDER BY next_at LIMIT ?";

pub(in crate::store::sqlite) const NEXT: &str =
    "SELECT min(next_at) FROM schedule WHERE removed_at IS NULL AND paused = 0 AND next_at > ?";

pub(in crate::store::sqlite) const LIVE: &str = "
    SELECT * FROM execution
     WHERE schedule_id = ? AND status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')";

pub(in crate::store::sqlite) const FIRINGS: &str = "
    SELECT firing.*, execution.status FROM firing LEFT JOIN execution ON execution.id = execution_id
     WHERE firing.schedule_id = ? AND firing.id < ? ORDER BY firing.id DESC LIMIT ?";

/// The schedule that a row holds.
pub(super) fn schedule(row: &SqliteRow) -> Result<Schedule, StoreError> {
    let stored: i64 = row.try_get("id").map_err(failed("read a schedule"))?;
    let columns = Columns::new(row, format!("schedule {stored}"));
    let id = u64::try_from(stored).map_err(|error| columns.damaged("id", error))?;
    let held = match columns.get::<Option<String>>("held_by")? {
        None => None,
        Some(kind) => {
            let notice: Option<String> = columns.get("held_reason")?;
            let held = Held::of_kind(&kind, notice.unwrap_or_default());
            Some(held.ok_or_else(|| columns.damaged("held_by", "it is no such reason"))?)
        }
    };
    Ok(Schedule {
        id: id
            .try_into()
            .map_err(|error| columns.damaged("id", error))?,
        version: columns.get("version")?,
        definition: serde_json::from_str(columns.get("definition")?)
            .map_err(|error| columns.damaged("definition", error))?,
        owner: columns.get("owner")?,
        paused: columns.get("paused")?,
        held,
        covered_until: columns.moment("covered_until")?,
        next_at: columns.moment_if_any("next_at")?,
        created_at: columns.moment("created_at")?,
        updated_at: columns.moment("updated_at")?,
        removed_at: columns.moment_if_any("removed_at")?,
    })
}

pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    sqlx::query("SELECT * FROM schedule WHERE id = ?")
        .bind(id.as_i64())
        .fetch_optional(executor)
        .await
        .map_err(failed("read a schedule"))?
        .map(|row| schedule(&row))
        .transpose()
}

/// One that was not removed.
pub(super) async fn find_alive(
    connection: &mut SqliteConnection,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    let found = find(connection, id).await?;
    Ok(found.filter(|schedule| schedule.removed_at.is_none()))
}

pub(super) async fn list(
    readers: &SqlitePool,
    proc_name: Option<&ProcName>,
) -> Result<Vec<Schedule>, StoreError> {
    let query = match proc_name {
        None => sqlx::query(ALIVE),
        Some(proc_name) => sqlx::query(OF_PROC).bind(proc_name.as_str()),
    };
    let rows = query
        .fetch_all(readers)
        .await
        .map_err(failed("list schedules"))?;
    rows.iter().map(schedule).collect()
}

pub(super) async fn held(readers: &SqlitePool) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(HELD)
        .fetch_one(readers)
        .await
        .map_err(failed("count schedules that are held"))?;
    Ok(count.cast_unsigned())
}

/// What is due now.
pub(super) async fn due(
    readers: &SqlitePool,
    now: Timestamp,
    limit: NonZeroU32,
) -> Result<DueSchedules, StoreError> {
    let rows = sqlx::query(DUE)
        .bind(micros(now))
        .bind(limit.get())
        .fetch_all(readers)
        .await
        .map_err(failed("look for schedules that are due"))?;
    let next: Option<i64> = sqlx::query_scalar(NEXT)
        .bind(micros(now))
        .fetch_one(readers)
        .await
        .map_err(failed("look when schedules are due next"))?;
    let connecting = readers.acquire().await;
    let mut connection = connecting.map_err(failed("reach the file to look at a hold"))?;
    Ok(DueSchedules {
        now,
        is_held: is_held(&mut connection).await?,
        schedules: rows.iter().map(schedule).collect::<Result<_, _>>()?,
        next_at: next.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
    })
}

/// Whether a hold is in force.
pub(super) async fn is_held(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT hold_since IS NOT NULL FROM installation")
        .fetch_one(connection)
        .await
        .map_err(failed("look at a hold"))
}
