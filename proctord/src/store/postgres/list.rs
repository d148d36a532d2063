//! Lists of executions, from new to old. A page begins where the one before ended, by (created_at, id), so
//! rows that are added meanwhile neither shift nor repeat anything.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff_sqlx::ToSqlx;
use proctor_api::Status;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::fault::failed;
use super::row::{self, Row};
use super::text::text;
use crate::store::time::rounded_up;
use crate::store::{Cursor, Filter, Page, StoreError};

/// How many there are of each status, those apart that version 2 left as if they lived.
pub(super) async fn census(
    connection: &mut PgConnection,
) -> Result<BTreeMap<Status, u64>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT status AS "status!", sum(number)::bigint AS "total!"
             FROM (SELECT status, count(*) AS number FROM proctor.execution GROUP BY status
                    UNION ALL
                   SELECT status, -count(*) FROM proctor.execution
                    WHERE v2_id IS NOT NULL AND status IN ('RECEIVED', 'CREATED') GROUP BY status) AS counted
            GROUP BY status HAVING sum(number) > 0"#
    )
    .fetch_all(connection)
    .await
    .map_err(failed("count executions"))?;
    rows.into_iter()
        .map(|row| {
            let status = row
                .status
                .parse()
                .map_err(|error| StoreError::damaged("a status".to_owned(), error))?;
            Ok((status, row.total.unsigned_abs()))
        })
        .collect()
}

/// One page.
pub(super) async fn page(
    connection: &mut PgConnection,
    filter: &Filter,
    after: Option<Cursor>,
    limit: NonZeroU32,
) -> Result<Page, StoreError> {
    let rows: Vec<Row> = select(filter, after, limit)
        .build_query_as()
        .fetch_all(connection)
        .await
        .map_err(failed("list executions"))?;
    Ok(Page::of(row::all(rows)?, limit))
}

/// Asks for one more than the page holds, to know whether there is another page. It is put together here, not
/// checked when it is compiled: a condition on what is not asked for would keep Postgres from its indexes.
pub(super) fn select(
    filter: &Filter,
    after: Option<Cursor>,
    limit: NonZeroU32,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT * FROM proctor.execution WHERE TRUE");
    if let Some(proc_name) = &filter.proc_name {
        query
            .push(" AND proc_name = ")
            .push_bind(proc_name.to_string());
    }
    if let Some(user) = &filter.user {
        query
            .push(" AND \"user\" = ")
            .push_bind(text(user).into_owned());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(since) = filter.since {
        query
            .push(" AND created_at >= ")
            .push_bind(rounded_up(since).to_sqlx());
    }
    if let Some(until) = filter.until {
        query
            .push(" AND created_at < ")
            .push_bind(rounded_up(until).to_sqlx());
    }
    if let Some(cursor) = after {
        query
            .push(" AND (created_at, id) < (")
            .push_bind(cursor.created_at.to_sqlx())
            .push(", ")
            .push_bind(cursor.id.as_i64())
            .push(")");
    }
    query
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(limit.get()) + 1);
    query
}
