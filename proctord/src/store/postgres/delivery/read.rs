//! Reads deliveries for people: a list in pages, and how many there are.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use jiff_sqlx::{Timestamp as Moment, ToSqlx};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::super::fault::failed;
use super::super::row;
use super::super::text::text;
use crate::store::{
    Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter, DeliveryPage, StoreError,
};

/// A row as the columns have it.
#[derive(sqlx::FromRow)]
pub(super) struct Columns {
    pub id: String,
    pub execution_id: Option<i64>,
    pub kind: String,
    pub target: String,
    pub event: String,
    pub state: String,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub next_at: Moment,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl TryFrom<Columns> for Delivery {
    type Error = StoreError;

    fn try_from(columns: Columns) -> Result<Self, StoreError> {
        let damaged = |error| StoreError::damaged(format!("delivery {}", columns.id), error);
        Ok(Self {
            execution: columns.execution_id.map(row::id).transpose()?,
            kind: columns.kind.parse().map_err(damaged)?,
            state: columns.state.parse().map_err(damaged)?,
            id: columns.id,
            target: columns.target,
            event: columns.event,
            attempts: u32::try_from(columns.attempts).unwrap_or(0),
            last_error: columns.last_error,
            next_at: columns.next_at.to_jiff(),
            created_at: columns.created_at.to_jiff(),
            updated_at: columns.updated_at.to_jiff(),
        })
    }
}

/// One page of a list, from new to old.
pub(super) async fn page(
    connection: &mut PgConnection,
    filter: &DeliveryFilter,
    after: Option<&DeliveryCursor>,
    limit: NonZeroU32,
) -> Result<DeliveryPage, StoreError> {
    let rows: Vec<Columns> = select(filter, after, limit)
        .build_query_as()
        .fetch_all(connection)
        .await
        .map_err(failed("list deliveries"))?;
    let rows = rows.into_iter().map(Delivery::try_from);
    Ok(DeliveryPage::of(rows.collect::<Result<_, _>>()?, limit))
}

/// Asks for one more than the page holds. It is put together here, not checked when it is compiled: a condition on what
/// is not asked for would keep Postgres from its indexes.
fn select(
    filter: &DeliveryFilter,
    after: Option<&DeliveryCursor>,
    limit: NonZeroU32,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT * FROM proctor.delivery WHERE TRUE");
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(execution) = filter.execution {
        let id = execution.as_i64();
        query.push(" AND execution_id = ").push_bind(id);
    }
    if let Some(cursor) = after {
        query
            .push(" AND (created_at, id) < (")
            .push_bind(cursor.created_at.to_sqlx())
            .push(", ")
            .push_bind(text(&cursor.id).into_owned())
            .push(")");
    }
    query
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(limit.get()) + 1);
    query
}

/// Why a delivery is not tried again.
pub(super) async fn missing(
    connection: &mut PgConnection,
    id: &str,
) -> Result<StoreError, StoreError> {
    let state = sqlx::query_scalar!(
        "SELECT state FROM proctor.delivery WHERE id = $1",
        &*text(id)
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("look for a delivery"))?;
    Ok(match state {
        None => StoreError::NoDelivery(id.to_owned()),
        Some(_) => StoreError::Delivered(id.to_owned()),
    })
}

/// How many there are.
pub(super) async fn census(connection: &mut PgConnection) -> Result<DeliveryCensus, StoreError> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM proctor.delivery WHERE state = 'pending') AS "pending!",
                  (SELECT count(*) FROM proctor.delivery WHERE state = 'dead') AS "dead!",
                  extract(epoch FROM clock_timestamp()
                          - (SELECT min(created_at) FROM proctor.delivery WHERE state = 'pending'))::float8 AS oldest"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count deliveries"))?;
    Ok(DeliveryCensus {
        pending: row.pending.unsigned_abs(),
        dead: row.dead.unsigned_abs(),
        oldest: row
            .oldest
            .and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()),
    })
}
