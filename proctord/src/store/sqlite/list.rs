//! Lists of executions, from new to old. A page begins where the one before ended, by (created_at, id), so
//! rows that are added meanwhile neither shift nor repeat anything.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proctor_api::Status;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::fault::failed;
use super::row;
use super::time::{micros, micros_from};
use crate::store::{Cursor, Filter, Page, StoreError};

const CENSUS: &str = "
    SELECT status, sum(number) AS total
      FROM (SELECT status, count(*) AS number FROM execution GROUP BY status
             UNION ALL
            SELECT status, -count(*) FROM execution
             WHERE v2_id IS NOT NULL AND status IN ('RECEIVED', 'CREATED') GROUP BY status)
     GROUP BY status HAVING total > 0";

/// How many there are of each status, from indexes alone.
pub(super) async fn census(readers: &SqlitePool) -> Result<BTreeMap<Status, u64>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(CENSUS)
        .fetch_all(readers)
        .await
        .map_err(failed("count executions"))?;
    rows.into_iter()
        .map(|(status, count)| {
            let status = status
                .parse()
                .map_err(|error| StoreError::damaged("a status".to_owned(), error))?;
            Ok((status, count.unsigned_abs()))
        })
        .collect()
}

/// One page.
pub(super) async fn page(
    readers: &SqlitePool,
    filter: &Filter,
    after: Option<Cursor>,
    limit: NonZeroU32,
) -> Result<Page, StoreError> {
    let rows = select(filter, after, limit)
        .build()
        .fetch_all(readers)
        .await
        .map_err(failed("list executions"))?;
    let executions = rows.iter().map(row::execution);
    Ok(Page::of(executions.collect::<Result<_, _>>()?, limit))
}

/// Asks for one more than the page holds, to know whether there is another page.
pub(super) fn select(
    filter: &Filter,
    after: Option<Cursor>,
    limit: NonZeroU32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM execution WHERE TRUE");
    if let Some(proc_name) = &filter.proc_name {
        query
            .push(" AND proc_name = ")
            .push_bind(proc_name.to_string());
    }
    if let Some(user) = &filter.user {
        query.push(" AND user = ").push_bind(user.clone());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(since) = filter.since {
        query
            .push(" AND created_at >= ")
            .push_bind(micros_from(since));
    }
    if let Some(until) = filter.until {
        query
            .push(" AND created_at < ")
            .push_bind(micros_from(until));
    }
    if let Some(cursor) = after {
        query
            .push(" AND (created_at, id) < (")
            .push_bind(micros(cursor.created_at))
            .push(", ")
            .push_bind(cursor.id.as_i64())
            .push(")");
    }
    query
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(limit.get()) + 1);
    query
}
