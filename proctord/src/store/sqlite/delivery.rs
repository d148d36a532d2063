//! Deliveries: written with what causes them, claimed, and settled by whoever claimed them. Reading them for people is
//! said below.

mod read;

use std::num::NonZeroU32;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::fault::failed;
use super::time::{micros, now};
use super::{SqliteStore, audit, lease, row};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::sqlite::Database;
use crate::store::delivery::Outgoing;
use crate::store::{
    Audience, AuditEntry, Claim, Claimed, Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter,
    DeliveryPage, Outbox, Settlement, StoreError,
};

pub(super) const RELEASE: &str = "
    UPDATE delivery SET next_at = ?2, updated_at = ?2
     WHERE execution_id = ?1 AND state = 'pending' AND attempts = 0 AND next_at > ?2";

pub(super) const IS_DUE: &str = "
    SELECT 1 FROM delivery WHERE state = 'pending' AND next_at <= ? LIMIT 1";

pub(super) const LEFT_BEHIND: &str = "
    SELECT 1 FROM delivery
     WHERE claimed_by IS NOT NULL AND state = 'pending'
       AND NOT EXISTS (SELECT 1 FROM replica WHERE replica.id = claimed_by AND expires_at > ?) LIMIT 1";

/// What a replica without a lease has claimed is due at once.
pub(super) const TAKE_BACK: &str = "
    UPDATE delivery SET next_at = ?1, claimed_by = NULL
     WHERE claimed_by IS NOT NULL AND state = 'pending'
       AND NOT EXISTS (SELECT 1 FROM replica WHERE replica.id = claimed_by AND expires_at > ?1)";

pub(super) const DUE: &str = "
    SELECT id FROM delivery
     WHERE state = 'pending' AND next_at <= ?1 AND lane NOT IN (SELECT value FROM json_each(?2))
     ORDER BY next_at LIMIT ?3";

/// SQLite would rather look through all deliveries of no execution.
pub(super) const FORGET: &str = "
    DELETE FROM delivery WHERE id IN (
        SELECT id FROM delivery INDEXED BY delivery_of_none
         WHERE execution_id IS NULL AND state IN ('delivered', 'dead') AND updated_at < ?
         ORDER BY updated_at LIMIT ?)";

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_deliveries(&self, wanted: Claim<'_>) -> Result<Vec<Claimed>, StoreError> {
        claim(&self.records, wanted).await
    }

    async fn settle_delivery(
        &self,
        claimed: &Claimed,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        settle(&self.records, claimed, settlement).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&DeliveryCursor>,
        limit: NonZeroU32,
    ) -> Result<DeliveryPage, StoreError> {
        read::page(self.records.readers(), filter, after, limit).await
    }

    async fn retry_delivery(&self, id: &str, audit: AuditEntry) -> Result<Delivery, StoreError> {
        retry(&self.records, id, &audit).await
    }

    async fn forget_deliveries(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError> {
        let before = now().saturating_sub(older_than).map_or(i64::MIN, micros);
        forget(&self.records, before, limit).await
    }

    async fn delivery_census(&self) -> Result<DeliveryCensus, StoreError> {
        read::census(self.records.readers()).await
    }
}

/// Writes what goes out because an execution has just come to stand where it stands.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    execution: &Execution,
    audience: &Audience,
    at: Timestamp,
) -> Result<(), StoreError> {
    let all = audience.caused_by(execution)?;
    insert_all(connection, &all, at).await
}

/// Writes deliveries. One that is there already, of the same event, stays as it is.
pub(super) async fn insert_all(
    connection: &mut SqliteConnection,
    all: &[Outgoing],
    at: Timestamp,
) -> Result<(), StoreError> {
    for outgoing in all {
        sqlx::query(
            "INSERT INTO delivery
                 (id, execution_id, kind, target, lane, event, payload, state, attempts, next_at, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', 0, ?8, ?9, ?9)
             ON CONFLICT (execution_id, kind, target, event) DO NOTHING",
        )
        .bind(&outgoing.id)
        .bind(outgoing.execution.map(ExecutionId::as_i64))
        .bind(outgoing.kind.as_str())
        .bind(&outgoing.target)
        .bind(&outgoing.lane)
        .bind(outgoing.event)
        .bind(&outgoing.payload)
        .bind(micros(outgoing.next_at(at)))
        .bind(micros(at))
        .execute(&mut *connection)
        .await
        .map_err(failed("write a delivery"))?;
    }
    Ok(())
}

/// Lets the deliveries go that wait for the end of the log.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(RELEASE)
        .bind(id.as_i64())
        .bind(micros(at))
        .execute(connection)
        .await
        .map_err(failed("release a delivery"))?;
    Ok(())
}

async fn claim(records: &Database, wanted: Claim<'_>) -> Result<Vec<Claimed>, StoreError> {
    // Nobody else's writing is held up while there is nothing to claim.
    if !is_any(records, IS_DUE).await? && !is_any(records, LEFT_BEHIND).await? {
        return Ok(Vec::new());
    }
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to claim deliveries"))?;
    let at = now();
    lease::check(&mut unit, wanted.replica, at).await?;
    sqlx::query(TAKE_BACK)
        .bind(micros(at))
        .execute(&mut *unit)
        .await
        .map_err(failed("take claims of deliveries back"))?;
    let busy = serde_json::Value::from(wanted.busy);
    let ids: Vec<String> = sqlx::query_scalar(DUE)
        .bind(micros(at))
        .bind(busy.to_string())
        .bind(wanted.limit.get())
        .fetch_all(&mut *unit)
        .await
        .map_err(failed("look for deliveries"))?;
    let until = at.saturating_add(wanted.lifetime).unwrap_or(Timestamp::MAX);
    let mut all = Vec::new();
    for id in ids {
        let row = sqlx::query(
            "UPDATE delivery
                SET claim = claim + 1, claimed_by = ?2, attempts = attempts + 1, next_at = ?3, updated_at = ?4
              WHERE id = ?1 RETURNING *",
        )
        .bind(id)
        .bind(wanted.replica)
        .bind(micros(until))
        .bind(micros(at))
        .fetch_one(&mut *unit)
        .await
        .map_err(failed("claim a delivery"))?;
        all.push(claimed(&row, at)?);
    }
    unit.commit().await.map_err(failed("keep claims"))?;
    Ok(all)
}

/// Whether a query finds anything now.
async fn is_any(records: &Database, query: &'static str) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar(query)
        .bind(micros(now()))
        .fetch_optional(records.readers())
        .await
        .map_err(failed("look for deliveries"))?;
    Ok(found.is_some())
}

fn claimed(row: &SqliteRow, at: Timestamp) -> Result<Claimed, StoreError> {
    let read = failed("read a delivery");
    let id: String = row.try_get("id").map_err(&read)?;
    let kind: String = row.try_get("kind").map_err(&read)?;
    let damaged = |error| StoreError::damaged(format!("delivery {id}"), error);
    let since: Option<i64> = row.try_get("pending_since").map_err(&read)?;
    let created_at: i64 = row.try_get("created_at").map_err(&read)?;
    let since = Timestamp::from_microsecond(since.unwrap_or(created_at)).unwrap_or(at);
    let execution: Option<i64> = row.try_get("execution_id").map_err(&read)?;
    Ok(Claimed {
        execution: execution.and_then(row::stored_id),
        kind: kind.parse().map_err(damaged)?,
        target: row.try_get("target").map_err(&read)?,
        lane: row.try_get("lane").map_err(&read)?,
        payload: row.try_get("payload").map_err(&read)?,
        attempts: row.try_get("attempts").map_err(&read)?,
        age: at.duration_since(since),
        claim: row.try_get("claim").map_err(&read)?,
        id,
    })
}

async fn settle(
    records: &Database,
    claimed: &Claimed,
    settlement: &Settlement,
) -> Result<bool, StoreError> {
    let (state, error, after) = match settlement {
        Settlement::Delivered => ("delivered", None, None),
        Settlement::Later { error, after } => ("pending", Some(error), Some(*after)),
        Settlement::Dead { error } => ("dead", Some(error), None),
    };
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to settle a delivery"))?;
    let at = now();
    let next_at = after.and_then(|after| at.saturating_add(after).ok());
    let settled = sqlx::query(
        "UPDATE delivery
            SET state = ?3, last_error = ?4, claim = claim + 1, claimed_by = NULL, updated_at = ?5,
                next_at = coalesce(?6, next_at)
          WHERE id = ?1 AND claim = ?2 AND state = 'pending'",
    )
    .bind(&claimed.id)
    .bind(claimed.claim)
    .bind(state)
    .bind(error)
    .bind(micros(at))
    .bind(next_at.map(micros))
    .execute(&mut *unit)
    .await
    .map_err(failed("settle a delivery"))?;
    unit.commit()
        .await
        .map_err(failed("keep what became of a delivery"))?;
    Ok(settled.rows_affected() == 1)
}

async fn retry(records: &Database, id: &str, entry: &AuditEntry) -> Result<Delivery, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to try a delivery again"))?;
    let at = now();
    // The claim of who is at it now does not count any more: it may be repeated, which its id tells.
    let row = sqlx::query(
        "UPDATE delivery
            SET state = 'pending', attempts = 0, claim = claim + 1, claimed_by = NULL, next_at = ?2,
                pending_since = ?2, updated_at = ?2
          WHERE id = ?1 AND state <> 'delivered' RETURNING *",
    )
    .bind(id)
    .bind(micros(at))
    .fetch_optional(&mut *unit)
    .await
    .map_err(failed("try a delivery again"))?;
    let Some(row) = row else {
        return Err(read::missing(&mut unit, id).await?);
    };
    let delivery = read::delivery(&row)?;
    audit::insert(&mut unit, entry, at).await?;
    unit.commit()
        .await
        .map_err(failed("keep that a delivery is tried again"))?;
    Ok(delivery)
}

/// Forgets what was settled before and belongs to no execution.
async fn forget(records: &Database, before: i64, limit: NonZeroU32) -> Result<u64, StoreError> {
    let begun = records.begin().await;
    let mut unit = begun.map_err(failed("begin to forget deliveries"))?;
    let forgotten = sqlx::query(FORGET)
        .bind(before)
        .bind(limit.get())
        .execute(&mut *unit)
        .await
        .map_err(failed("forget deliveries"))?;
    let committed = unit.commit().await;
    committed.map_err(failed("keep that deliveries are forgotten"))?;
    Ok(forgotten.rows_affected())
}
