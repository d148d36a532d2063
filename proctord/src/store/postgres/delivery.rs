//! Deliveries: written with what causes them, claimed by one replica at a time, settled by whoever claimed them.
//! Reading them for people is said below.

mod read;

use std::num::NonZeroU32;

use async_trait::async_trait;
use jiff::SignedDuration;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::text::text;
use super::{PostgresStore, audit, lease};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::store::delivery::Outgoing;
use crate::store::{
    Audience, AuditEntry, Claim, Claimed, Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter,
    DeliveryPage, Outbox, Settlement, StoreError,
};

#[async_trait]
impl Outbox for PostgresStore {
    async fn claim_deliveries(&self, wanted: Claim<'_>) -> Result<Vec<Claimed>, StoreError> {
        let work = claim(&self.database, wanted);
        self.bounded("claim deliveries", work).await
    }

    async fn settle_delivery(
        &self,
        claimed: &Claimed,
        settlement: &Settlement,
    ) -> Result<bool, StoreError> {
        let work = settle(&self.database, claimed, settlement);
        self.bounded("settle a delivery", work).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&DeliveryCursor>,
        limit: NonZeroU32,
    ) -> Result<DeliveryPage, StoreError> {
        let doing = "list deliveries";
        let work =
            async { read::page(&mut *self.connection(doing).await?, filter, after, limit).await };
        self.bounded(doing, work).await
    }

    async fn retry_delivery(&self, id: &str, audit: AuditEntry) -> Result<Delivery, StoreError> {
        let work = retry(&self.database, id, &audit);
        self.bounded("try a delivery again", work).await
    }

    async fn forget_deliveries(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError> {
        let doing = "forget deliveries";
        let work = async { forget(&mut *self.connection(doing).await?, older_than, limit).await };
        self.bounded(doing, work).await
    }

    async fn delivery_census(&self) -> Result<DeliveryCensus, StoreError> {
        let doing = "count deliveries";
        let work = async { read::census(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }
}

/// Writes what goes out because an execution has just come to stand where it stands.
pub(super) async fn insert(
    connection: &mut PgConnection,
    execution: &Execution,
    audience: &Audience,
) -> Result<(), StoreError> {
    let all = audience.caused_by(execution)?;
    insert_all(connection, &all, execution.updated_at).await
}

/// Writes deliveries. One that is there already, of the same event, stays as it is.
pub(super) async fn insert_all(
    connection: &mut PgConnection,
    all: &[Outgoing],
    at: jiff::Timestamp,
) -> Result<(), StoreError> {
    for outgoing in all {
        sqlx::query!(
            "INSERT INTO proctor.delivery
                 (id, execution_id, kind, target, lane, event, payload, state, attempts, next_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $9, $9)
             ON CONFLICT (execution_id, kind, target, event) DO NOTHING",
            outgoing.id,
            outgoing.execution.map(ExecutionId::as_i64),
            outgoing.kind.as_str(),
            &*text(&outgoing.target),
            &*text(&outgoing.lane),
            outgoing.event,
            outgoing.payload,
            outgoing.next_at(at).to_sqlx(),
            at.to_sqlx(),
        )
        .execute(&mut *connection)
        .await
        .map_err(failed("write a delivery"))?;
    }
    Ok(())
}

/// Lets the deliveries go that wait for the end of the log.
pub(super) async fn release(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE proctor.delivery SET next_at = clock_timestamp(), updated_at = clock_timestamp()
          WHERE execution_id = $1 AND state = 'pending' AND attempts = 0 AND next_at > clock_timestamp()",
        id.as_i64(),
    )
    .execute(connection)
    .await
    .map_err(failed("release a delivery"))?;
    Ok(())
}

async fn claim(database: &Database, wanted: Claim<'_>) -> Result<Vec<Claimed>, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to claim deliveries"))?;
    lease::check(&mut connection, wanted.replica).await?;
    take_back(&mut connection).await?;
    let rows = sqlx::query!(
        r#"WITH moment AS MATERIALIZED (
               SELECT clock_timestamp() AS at
           ), due AS MATERIALIZED (
               SELECT delivery.id FROM proctor.delivery
                WHERE state = 'pending' AND next_at <= clock_timestamp() AND lane <> ALL($2::text[])
                ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           UPDATE proctor.delivery AS delivery
              SET claim = claim + 1, claimed_by = $1, attempts = attempts + 1,
                  next_at = moment.at + make_interval(secs => $4), updated_at = moment.at
             FROM due, moment WHERE delivery.id = due.id
           RETURNING delivery.id, execution_id, kind, target, lane, payload, attempts, claim,
                     extract(epoch FROM moment.at - coalesce(pending_since, created_at))::float8 AS "age!""#,
        wanted.replica,
        wanted.busy,
        i64::from(wanted.limit.get()),
        wanted.lifetime.as_secs_f64(),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("claim deliveries"))?;
    let claimed = rows.into_iter().map(|row| {
        Ok(Claimed {
            execution: row.execution_id.map(super::row::id).transpose()?,
            kind: row
                .kind
                .parse()
                .map_err(|error| StoreError::damaged(format!("delivery {}", row.id), error))?,
            id: row.id,
            target: row.target,
            lane: row.lane,
            payload: row.payload,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            age: SignedDuration::try_from_secs_f64(row.age).unwrap_or(SignedDuration::ZERO),
            claim: row.claim,
        })
    });
    claimed.collect()
}

/// What a replica without a lease has claimed is due at once.
async fn take_back(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE proctor.delivery SET next_at = clock_timestamp(), claimed_by = NULL
          WHERE claimed_by IS NOT NULL AND state = 'pending'
            AND NOT EXISTS (SELECT FROM proctor.replica
                             WHERE replica.id = claimed_by AND expires_at > clock_timestamp())"
    )
    .execute(connection)
    .await
    .map_err(failed("take claims of deliveries back"))?;
    Ok(())
}

async fn settle(
    database: &Database,
    claimed: &Claimed,
    settlement: &Settlement,
) -> Result<bool, StoreError> {
    let (state, error, after) = match settlement {
        Settlement::Delivered => ("delivered", None, None),
        Settlement::Later { error, after } => ("pending", Some(error), Some(after.as_secs_f64())),
        Settlement::Dead { error } => ("dead", Some(error), None),
    };
    let error = error.map(|error| text(error));
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to settle a delivery"))?;
    let settled = sqlx::query!(
        "UPDATE proctor.delivery
            SET state = $3, last_error = $4, claim = claim + 1, claimed_by = NULL, updated_at = clock_timestamp(),
                next_at = coalesce(clock_timestamp() + make_interval(secs => $5), next_at)
          WHERE id = $1 AND claim = $2 AND state = 'pending'",
        claimed.id,
        claimed.claim,
        state,
        error.as_deref(),
        after,
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("settle a delivery"))?;
    Ok(settled.rows_affected() == 1)
}

async fn retry(database: &Database, id: &str, entry: &AuditEntry) -> Result<Delivery, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to try a delivery again"))?;
    // The claim of who is at it now does not count any more: it may be repeated, which its id tells.
    let row = sqlx::query_as!(
        read::Columns,
        "UPDATE proctor.delivery
            SET state = 'pending', attempts = 0, claim = claim + 1, claimed_by = NULL, next_at = clock_timestamp(),
                pending_since = clock_timestamp(), updated_at = clock_timestamp()
          WHERE id = $1 AND state <> 'delivered'
         RETURNING id, execution_id, kind, target, event, state, attempts, last_error, next_at, created_at, updated_at",
        &*text(id),
    )
    .fetch_optional(&mut *unit)
    .await
    .map_err(failed("try a delivery again"))?;
    let Some(row) = row else {
        return Err(read::missing(&mut unit, id).await?);
    };
    audit::insert(&mut unit, entry).await?;
    unit.commit()
        .await
        .map_err(failed("keep that a delivery is tried again"))?;
    row.try_into()
}

/// Forgets what was settled so long ago and belongs to no execution. What somebody has tried again this moment is left
/// alone.
async fn forget(
    connection: &mut PgConnection,
    older_than: SignedDuration,
    limit: NonZeroU32,
) -> Result<u64, StoreError> {
    let forgotten = sqlx::query!(
        "DELETE FROM proctor.delivery WHERE id = ANY(ARRAY(
             SELECT id FROM proctor.delivery
              WHERE execution_id IS NULL AND state IN ('delivered', 'dead')
                AND updated_at < clock_timestamp() - make_interval(secs => $1)
              ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        older_than.as_secs_f64(),
        i64::from(limit.get()),
    )
    .execute(connection)
    .await
    .map_err(failed("forget deliveries"))?;
    Ok(forgotten.rows_affected())
}
