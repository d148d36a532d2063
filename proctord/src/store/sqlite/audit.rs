//! The audit trail: rows are only ever appended here, with the change that they tell of or alone. Reading them and
//! sealing them is said below.

mod read;
mod seal;

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::SqliteStore;
use super::fault::failed;
use super::time::{micros, now};
use crate::sqlite::Database;
use crate::store::audit::seal::Seal;
use crate::store::{
    AuditEntry, AuditFilter, AuditPage, AuditResult, AuditRow, AuditTrail, RefusalCount, RowPlace,
    Sealing, StoreError, Unsealed,
};

#[async_trait]
impl AuditTrail for SqliteStore {
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        record(&self.records, &entry).await
    }

    async fn audit_refusals(&self, refusals: &[RefusalCount]) -> Result<(), StoreError> {
        record_refusals(&self.records, refusals).await
    }

    async fn audit_rows(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<AuditPage, StoreError> {
        read::page(self.records.readers(), filter, before, limit).await
    }

    async fn seal_audit(&self, limit: NonZeroU32) -> Result<Sealing, StoreError> {
        seal::seal(&self.records, limit).await
    }

    async fn seals(&self, after: i64, limit: NonZeroU32) -> Result<Vec<Seal>, StoreError> {
        read::seals(self.records.readers(), after, limit).await
    }

    async fn sealed_rows(
        &self,
        seals: RangeInclusive<i64>,
        after: RowPlace,
        limit: NonZeroU32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        read::sealed(self.records.readers(), seals, after, limit).await
    }

    async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        read::unsealed(self.records.readers()).await
    }
}

/// Adds a row in a unit of work of its own.
pub(super) async fn record(records: &Database, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin an audit row"))?;
    insert(&mut unit, entry, now()).await?;
    unit.commit().await.map_err(failed("keep an audit row"))
}

/// Adds a row.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    entry: &AuditEntry,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, who, action, target, source, result, request_id)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(micros(at))
    .bind(&entry.who)
    .bind(entry.action)
    .bind(&entry.target)
    .bind(&entry.source)
    .bind(entry.result.as_str())
    .bind(&entry.request_id)
    .execute(connection)
    .await
    .map_err(failed("write the audit trail"))?;
    Ok(())
}

/// Adds a row for each count, in one unit of work.
async fn record_refusals(records: &Database, refusals: &[RefusalCount]) -> Result<(), StoreError> {
    let mut unit = records.begin().await.map_err(failed("begin audit rows"))?;
    let at = now();
    for refused in refusals {
        sqlx::query(
            "INSERT INTO audit (at, who, action, target, source, result, count, request_id)
             VALUES (?, '', ?, ?, ?, ?, ?, '')",
        )
        .bind(micros(at))
        .bind(RefusalCount::ACTION)
        .bind(refused.status.to_string())
        .bind(&refused.source)
        .bind(AuditResult::Refused.as_str())
        .bind(refused.count)
        .execute(&mut *unit)
        .await
        .map_err(failed("write the audit trail"))?;
    }
    unit.commit().await.map_err(failed("keep audit rows"))
}
