//! Reads the audit trail: lists for people, and seals with their rows for whoever verifies them.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

use super::super::fault::failed;
use super::super::time::micros_from;
use crate::store::audit::seal::Seal;
use crate::store::{AuditFilter, AuditPage, AuditRow, RowPlace, StoreError, Unsealed};

/// One page of a list, from new to old.
pub(super) async fn page(
    readers: &SqlitePool,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: NonZeroU32,
) -> Result<AuditPage, StoreError> {
    let rows = select(filter, before, limit)
        .build()
        .fetch_all(readers)
        .await
        .map_err(failed("list the audit trail"))?;
    Ok(AuditPage::of(all(&rows)?, limit))
}

/// Asks for one more than the page holds, to know whether there is another page.
fn select(filter: &AuditFilter, before: Option<i64>, limit: NonZeroU32) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM audit WHERE TRUE");
    let texts = [
        (" AND who = ", filter.who.as_deref()),
        (" AND action = ", filter.action.as_deref()),
        (" AND target = ", filter.target.as_deref()),
        (" AND source = ", filter.source.as_deref()),
        (
            " AND result = ",
            filter.result.map(|result| result.as_str()),
        ),
    ];
    for (condition, wanted) in texts {
        if let Some(wanted) = wanted {
            query.push(condition).push_bind(wanted.to_owned());
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(micros_from(since));
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(micros_from(until));
    }
    if let Some(before) = before {
        query.push(" AND id < ").push_bind(before);
    }
    query
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(i64::from(limit.get()) + 1);
    query
}

/// Seals by number, those after a number.
pub(super) async fn seals(
    readers: &SqlitePool,
    after: i64,
    limit: NonZeroU32,
) -> Result<Vec<Seal>, StoreError> {
    let doing = "read seals of the audit trail";
    let rows = sqlx::query("SELECT * FROM audit_seal WHERE number > ? ORDER BY number LIMIT ?")
        .bind(after)
        .bind(limit.get())
        .fetch_all(readers)
        .await
        .map_err(failed(doing))?;
    let seal = |row: &SqliteRow| {
        Ok(Seal {
            number: row.try_get("number").map_err(failed(doing))?,
            at: moment(row.try_get("at").map_err(failed(doing))?),
            previous: row.try_get("previous").map_err(failed(doing))?,
            contents: row.try_get("contents").map_err(failed(doing))?,
            hash: row.try_get("hash").map_err(failed(doing))?,
        })
    };
    rows.iter().map(seal).collect()
}

/// The rows that say they are covered by one of these seals, those after a place.
pub(super) async fn sealed(
    readers: &SqlitePool,
    seals: RangeInclusive<i64>,
    after: RowPlace,
    limit: NonZeroU32,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM audit
          WHERE seal BETWEEN ? AND ? AND (seal, id) > (?, ?)
          ORDER BY seal, id LIMIT ?",
    )
    .bind(*seals.start())
    .bind(*seals.end())
    .bind(after.seal)
    .bind(after.id)
    .bind(limit.get())
    .fetch_all(readers)
    .await
    .map_err(failed("read sealed rows of the audit trail"))?;
    all(&rows)
}

/// How much no seal covers yet.
pub(super) async fn unsealed(readers: &SqlitePool) -> Result<Unsealed, StoreError> {
    let (rows, oldest): (i64, Option<i64>) =
        sqlx::query_as("SELECT count(*), min(at) FROM audit WHERE seal IS NULL")
            .fetch_one(readers)
            .await
            .map_err(failed("count what is not sealed"))?;
    Ok(Unsealed {
        rows: rows.cast_unsigned(),
        oldest: oldest.map(moment),
    })
}

pub(super) fn all(rows: &[SqliteRow]) -> Result<Vec<AuditRow>, StoreError> {
    rows.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<AuditRow, StoreError> {
    let failed = failed("read a row of the audit trail");
    Ok(AuditRow {
        id: row.try_get("id").map_err(&failed)?,
        at: moment(row.try_get("at").map_err(&failed)?),
        who: row.try_get("who").map_err(&failed)?,
        action: row.try_get("action").map_err(&failed)?,
        target: row.try_get("target").map_err(&failed)?,
        source: row.try_get("source").map_err(&failed)?,
        result: row.try_get("result").map_err(&failed)?,
        count: row.try_get("count").map_err(&failed)?,
        request_id: row.try_get("request_id").map_err(&failed)?,
        seal: row.try_get("seal").map_err(&failed)?,
    })
}

/// One that cannot be a time becomes the nearest that can: who writes it by hand is to be found out, and stops nobody.
fn moment(micros: i64) -> Timestamp {
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { first } else { last })
}
