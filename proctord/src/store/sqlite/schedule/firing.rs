//! Rows of `firing`: what became of moments. A stretch that goes on as the last one ended makes that one longer.

use std::num::NonZeroU32;

use jiff::Timestamp;
use proctor_api::{Firing, Why};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::read::FIRINGS;
use crate::domain::id::ExecutionId;
use crate::domain::schedule::{ScheduleId, Stretch};
use crate::sqlite::Database;
use crate::store::schedule::page_of;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::Columns;
use crate::store::sqlite::time::micros;
use crate::store::{FiringsPage, StoreError};

/// Adds a stretch that follows everything that is covered so far.
pub(super) async fn add_stretch(
    connection: &mut SqliteConnection,
    id: ScheduleId,
    stretch: &Stretch,
    now: Timestamp,
) -> Result<(), StoreError> {
    let longer = sqlx::query(
        "UPDATE firing SET until = ?2, count = count + ?3, at = ?4
          WHERE id = (SELECT id FROM firing WHERE schedule_id = ?1 AND moment IS NOT NULL
                       ORDER BY moment DESC LIMIT 1) AND why = ?5",
    )
    .bind(id.as_i64())
    .bind(micros(stretch.to))
    .bind(stretch.count.cast_signed())
    .bind(micros(now))
    .bind(stretch.why.as_str())
    .execute(&mut *connection)
    .await
    .map_err(failed("make a stretch longer"))?;
    if longer.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO firing (schedule_id, moment, until, count, why, at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.as_i64())
    .bind(micros(stretch.from))
    .bind(micros(stretch.to))
    .bind(stretch.count.cast_signed())
    .bind(stretch.why.as_str())
    .bind(micros(now))
    .execute(connection)
    .await
    .map_err(failed("write a stretch"))?;
    Ok(())
}

/// Adds a moment that fired, or, without one, what somebody ran by hand.
pub(super) async fn insert_fired(
    connection: &mut SqliteConnection,
    id: ScheduleId,
    moment: Option<Timestamp>,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO firing (schedule_id, moment, count, execution_id, at) VALUES (?, ?, 1, ?, ?)",
    )
    .bind(id.as_i64())
    .bind(moment.map(micros))
    .bind(execution.as_i64())
    .bind(micros(now))
    .execute(connection)
    .await
    .map_err(failed("write what fired"))?;
    Ok(())
}

/// A page of a schedule's rows, newest first.
pub(super) async fn page(
    readers: &SqlitePool,
    id: ScheduleId,
    before: Option<i64>,
    limit: NonZeroU32,
) -> Result<FiringsPage, StoreError> {
    let rows = sqlx::query(FIRINGS)
        .bind(id.as_i64())
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit.get()) + 1)
        .fetch_all(readers)
        .await
        .map_err(failed("list firings"))?;
    let rows = rows.iter().map(firing).collect::<Result<_, _>>()?;
    Ok(page_of(rows, limit))
}

fn firing(row: &SqliteRow) -> Result<(i64, Firing), StoreError> {
    let number: i64 = row.try_get("id").map_err(failed("read a firing"))?;
    let columns = Columns::new(row, format!("firing {number}"));
    let moment = columns.moment_if_any("moment")?;
    let fired_at = columns.moment("at")?;
    let status = match columns.get::<Option<String>>("status")? {
        None => None,
        Some(status) => {
            let status = status.parse();
            Some(status.map_err(|error| columns.damaged("status", error))?)
        }
    };
    let execution: Option<i64> = columns.get("execution_id")?;
    let firing = match (moment, columns.moment_if_any("until")?, execution) {
        (Some(from), Some(to), None) => {
            let why: Option<String> = columns.get("why")?;
            let known = Why::ALL
                .into_iter()
                .find(|it| Some(it.as_str()) == why.as_deref());
            Firing::Stretch {
                from,
                to,
                count: columns.get::<i64>("count")?.cast_unsigned(),
                why: known.ok_or_else(|| columns.damaged("why", "it is no such reason"))?,
            }
        }
        (Some(moment), None, Some(execution)) => Firing::Fired {
            moment,
            fired_at,
            execution_id: execution.cast_unsigned(),
            status,
        },
        (None, None, Some(execution)) => Firing::Run {
            fired_at,
            execution_id: execution.cast_unsigned(),
            status,
        },
        _ => return Err(columns.damaged("moment", "it fits no kind of row")),
    };
    Ok((number, firing))
}

pub(in crate::store::sqlite) const FORGET: &str = "
    DELETE FROM firing WHERE id IN (
        SELECT id FROM firing WHERE execution_id IS NULL AND at < ? ORDER BY at LIMIT ?)";

/// Forgets stretches that were written before.
pub(super) async fn forget(
    records: &Database,
    before: i64,
    limit: NonZeroU32,
) -> Result<u64, StoreError> {
    let begun = records.begin().await;
    let mut unit = begun.map_err(failed("begin to forget stretches"))?;
    let forgotten = sqlx::query(FORGET)
        .bind(before)
        .bind(limit.get())
        .execute(&mut *unit)
        .await
        .map_err(failed("forget stretches"))?;
    let committed = unit.commit().await;
    committed.map_err(failed("keep that stretches are forgotten"))?;
    Ok(forgotten.rows_affected())
}
