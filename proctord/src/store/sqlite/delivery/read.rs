//! Reads deliveries for people: a list in pages, and how many there are.

use std::num::NonZeroU32;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqlitePool};

use super::super::fault::failed;
use super::super::row;
use super::super::time::{micros, now};
use crate::store::{
    Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter, DeliveryPage, StoreError,
};

/// A delivery of a row.
pub(super) fn delivery(row: &SqliteRow) -> Result<Delivery, StoreError> {
    let read = failed("read a delivery");
    let id: String = row.try_get("id").map_err(&read)?;
    let moment = |column: &str| {
        let micros: i64 = row.try_get(column).map_err(&read)?;
        Timestamp::from_microsecond(micros)
            .map_err(|error| StoreError::damaged(format!("{column} of delivery {id}"), error))
    };
    let word = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let damaged = |error| StoreError::damaged(format!("delivery {id}"), error);
    let execution: Option<i64> = row.try_get("execution_id").map_err(&read)?;
    Ok(Delivery {
        execution: execution.and_then(row::stored_id),
        kind: word("kind")?.parse().map_err(damaged)?,
        state: word("state")?.parse().map_err(damaged)?,
        target: word("target")?,
        event: word("event")?,
        attempts: row.try_get("attempts").map_err(&read)?,
        last_error: row.try_get("last_error").map_err(&read)?,
        next_at: moment("next_at")?,
        created_at: moment("created_at")?,
        updated_at: moment("updated_at")?,
        id,
    })
}

/// One page of a list, from new to old.
pub(super) async fn page(
    readers: &SqlitePool,
    filter: &DeliveryFilter,
    after: Option<&DeliveryCursor>,
    limit: NonZeroU32,
) -> Result<DeliveryPage, StoreError> {
    let rows = select(filter, after, limit)
        .build()
        .fetch_all(readers)
        .await
        .map_err(failed("list deliveries"))?;
    let rows = rows.iter().map(delivery);
    Ok(DeliveryPage::of(rows.collect::<Result<_, _>>()?, limit))
}

/// Asks for one more than the page holds, to know whether there is another page.
fn select(
    filter: &DeliveryFilter,
    after: Option<&DeliveryCursor>,
    limit: NonZeroU32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM delivery WHERE TRUE");
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
            .push_bind(micros(cursor.created_at))
            .push(", ")
            .push_bind(cursor.id.clone())
            .push(")");
    }
    query
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(i64::from(limit.get()) + 1);
    query
}

/// Why a delivery is not tried again.
pub(super) async fn missing(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<StoreError, StoreError> {
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM delivery WHERE id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(failed("look for a delivery"))?;
    Ok(match state {
        None => StoreError::NoDelivery(id.to_owned()),
        Some(_) => StoreError::Delivered(id.to_owned()),
    })
}

/// How many there are.
pub(super) async fn census(readers: &SqlitePool) -> Result<DeliveryCensus, StoreError> {
    let (pending, dead, oldest): (i64, i64, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM delivery WHERE state = 'pending'),
                (SELECT count(*) FROM delivery WHERE state = 'dead'),
                (SELECT min(created_at) FROM delivery WHERE state = 'pending')",
    )
    .fetch_one(readers)
    .await
    .map_err(failed("count deliveries"))?;
    let oldest = oldest.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    Ok(DeliveryCensus {
        pending: pending.unsigned_abs(),
        dead: dead.unsigned_abs(),
        oldest: oldest.map(|oldest| now().duration_since(oldest)),
    })
}
