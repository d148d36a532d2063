//! The audit trail: rows are only ever appended here, with the change that they tell of or alone. Reading them and
//! sealing them is said below.

mod read;
mod seal;

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::PostgresStore;
use super::database::Database;
use super::fault::failed;
use super::text::text;
use crate::store::audit::seal::Seal;
use crate::store::{
    AuditEntry, AuditFilter, AuditPage, AuditResult, AuditRow, AuditTrail, RefusalCount, RowPlace,
    Sealing, StoreError, Unsealed,
};

#[async_trait]
impl AuditTrail for PostgresStore {
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let work = record(&self.database, &entry);
        self.bounded("write the audit trail", work).await
    }

    async fn audit_refusals(&self, refusals: &[RefusalCount]) -> Result<(), StoreError> {
        let work = record_refusals(&self.database, refusals);
        self.bounded("write the audit trail", work).await
    }

    async fn audit_rows(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<AuditPage, StoreError> {
        let doing = "list the audit trail";
        let work =
            async { read::page(&mut *self.connection(doing).await?, filter, before, limit).await };
        self.bounded(doing, work).await
    }

    async fn seal_audit(&self, limit: NonZeroU32) -> Result<Sealing, StoreError> {
        let work = seal::seal(&self.database, limit);
        self.bounded("seal the audit trail", work).await
    }

    async fn seals(&self, after: i64, limit: NonZeroU32) -> Result<Vec<Seal>, StoreError> {
        let doing = "read seals of the audit trail";
        let work = async { read::seals(&mut *self.connection(doing).await?, after, limit).await };
        self.bounded(doing, work).await
    }

    async fn sealed_rows(
        &self,
        seals: RangeInclusive<i64>,
        after: RowPlace,
        limit: NonZeroU32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let doing = "read sealed rows of the audit trail";
        let work =
            async { read::sealed(&mut *self.connection(doing).await?, seals, after, limit).await };
        self.bounded(doing, work).await
    }

    async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        let doing = "count what is not sealed";
        let work = async { read::unsealed(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }
}

/// Adds a row in a unit of work of its own.
pub(super) async fn record(database: &Database, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database for an audit row"))?;
    insert(&mut connection, entry).await
}

/// Adds a row.
pub(super) async fn insert(
    connection: &mut PgConnection,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO proctor.audit (at, who, action, target, source, result, request_id)
         VALUES (clock_timestamp(), $1, $2, $3, $4, $5, $6)",
        &*text(&entry.who),
        entry.action,
        &*text(&entry.target),
        &*text(&entry.source),
        entry.result.as_str(),
        &*text(&entry.request_id),
    )
    .execute(connection)
    .await
    .map_err(failed("write the audit trail"))?;
    Ok(())
}

/// Adds a row for each count, in one statement.
async fn record_refusals(database: &Database, refusals: &[RefusalCount]) -> Result<(), StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database for audit rows"))?;
    let sources: Vec<_> = refusals
        .iter()
        .map(|refused| refused.source.clone())
        .collect();
    let statuses: Vec<_> = refusals
        .iter()
        .map(|refused| refused.status.to_string())
        .collect();
    let counts: Vec<_> = refusals
        .iter()
        .map(|refused| i64::from(refused.count))
        .collect();
    sqlx::query!(
        "INSERT INTO proctor.audit (at, who, action, target, source, result, count, request_id)
         SELECT clock_timestamp(), '', $1, refused.target, refused.source, $2, refused.count, ''
           FROM unnest($3::text[], $4::text[], $5::bigint[]) AS refused (source, target, count)",
        RefusalCount::ACTION,
        AuditResult::Refused.as_str(),
        &sources,
        &statuses,
        &counts,
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("write the audit trail"))?;
    Ok(())
}
