//! Reads the audit trail: lists for people, and seals with their rows for whoever verifies them.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use jiff_sqlx::{Timestamp as Moment, ToSqlx};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::super::fault::failed;
use super::super::text::text;
use crate::store::audit::seal::Seal;
use crate::store::time::rounded_up;
use crate::store::{AuditFilter, AuditPage, AuditRow, RowPlace, StoreError, Unsealed};

/// A row as the columns have it.
#[derive(sqlx::FromRow)]
pub(super) struct Columns {
    pub id: i64,
    pub at: Moment,
    pub who: String,
    pub action: String,
    pub target: String,
    pub source: String,
    pub result: String,
    pub request_id: String,
    pub count: i64,
    pub seal: Option<i64>,
}

impl From<Columns> for AuditRow {
    fn from(columns: Columns) -> Self {
        Self {
            id: columns.id,
            at: columns.at.to_jiff(),
            who: columns.who,
            action: columns.action,
            target: columns.target,
            source: columns.source,
            result: columns.result,
            count: columns.count,
            request_id: columns.request_id,
            seal: columns.seal,
        }
    }
}

/// One page of a list, from new to old.
pub(super) async fn page(
    connection: &mut PgConnection,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: NonZeroU32,
) -> Result<AuditPage, StoreError> {
    let rows: Vec<Columns> = select(filter, before, limit)
        .build_query_as()
        .fetch_all(connection)
        .await
        .map_err(failed("list the audit trail"))?;
    let rows = rows.into_iter().map(AuditRow::from).collect();
    Ok(AuditPage::of(rows, limit))
}

/// Asks for one more than the page holds, to know whether there is another page. It is put together here, not
/// checked when it is compiled: a condition on what is not asked for would keep Postgres from its indexes.
fn select(filter: &AuditFilter, before: Option<i64>, limit: NonZeroU32) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT id, proctor.readable(at) AS at, who, action, target, source, result, request_id, count, seal
           FROM proctor.audit WHERE TRUE",
    );
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
            query.push(condition).push_bind(text(wanted).into_owned());
        }
    }
    if let Some(since) = filter.since {
        query
            .push(" AND at >= ")
            .push_bind(rounded_up(since).to_sqlx());
    }
    if let Some(until) = filter.until {
        query
            .push(" AND at < ")
            .push_bind(rounded_up(until).to_sqlx());
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
    connection: &mut PgConnection,
    after: i64,
    limit: NonZeroU32,
) -> Result<Vec<Seal>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT number, proctor.readable(at) AS "at!", previous, contents, hash FROM proctor.audit_seal
          WHERE number > $1 ORDER BY number LIMIT $2"#,
        after,
        i64::from(limit.get()),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read seals of the audit trail"))?;
    let seals = rows.into_iter().map(|row| Seal {
        number: row.number,
        at: row.at.to_jiff(),
        previous: row.previous,
        contents: row.contents,
        hash: row.hash,
    });
    Ok(seals.collect())
}

/// The rows that say they are covered by one of these seals, those after a place.
pub(super) async fn sealed(
    connection: &mut PgConnection,
    seals: RangeInclusive<i64>,
    after: RowPlace,
    limit: NonZeroU32,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query_as!(
        Columns,
        r#"SELECT id, proctor.readable(at) AS "at!", who, action, target, source, result, request_id, count, seal
           FROM proctor.audit
          WHERE seal BETWEEN $1 AND $2 AND (seal, id) > ($3, $4)
          ORDER BY seal, id LIMIT $5"#,
        *seals.start(),
        *seals.end(),
        after.seal,
        after.id,
        i64::from(limit.get()),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read sealed rows of the audit trail"))?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// How much no seal covers yet.
pub(super) async fn unsealed(connection: &mut PgConnection) -> Result<Unsealed, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "rows!", proctor.readable(min(at)) AS oldest FROM proctor.audit WHERE seal IS NULL"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count what is not sealed"))?;
    Ok(Unsealed {
        rows: row.rows.cast_unsigned(),
        oldest: row.oldest.map(|at| at.to_jiff()),
    })
}
