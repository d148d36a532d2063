//! SQLite under test: each store in a folder of its own, with a second way into its file.

pub mod catalog;
mod crash;
mod flood;
mod full;
mod import;
mod opening;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctord::domain::id::ExecutionId;
use proctord::store::sqlite::SqliteStore;
use proctord::store::{Audience, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{Row, SqlitePool};
use tempfile::TempDir;

use crate::store::subject::{AuditRow, Clock, DeliveryRow, Subject};

/// A store in SQLite.
pub struct SqliteSubject {
    pub folder: TempDir,
    pub store: SqliteStore,
    pub records: SqlitePool,
}

impl SqliteSubject {
    /// Opens the store of a folder.
    pub async fn open(folder: TempDir) -> Self {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let records = second_handle(&folder.path().join("proctor.db")).await;
        Self {
            folder,
            store,
            records,
        }
    }
}

/// A connection of somebody else.
pub async fn second_handle(path: &Path) -> SqlitePool {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(path))
        .await
        .unwrap()
}

#[async_trait]
impl Subject for SqliteSubject {
    async fn fresh() -> Self {
        Self::open(TempDir::new().unwrap()).await
    }

    async fn telling(audience: Audience) -> Self {
        let mut subject = Self::fresh().await;
        subject.store = subject.store.with_audience(audience);
        subject
    }

    async fn keeping(log_limit: u64) -> Self {
        let mut subject = Self::fresh().await;
        subject.store = subject.store.with_log_limit(log_limit);
        subject
    }

    async fn reopened(self) -> Self {
        self.records.close().await;
        self.store.close().await;
        Self::open(self.folder).await
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn replicas(&self, count: usize, limit: Option<NonZeroU32>) -> Vec<Arc<dyn Store>> {
        let store = SqliteStore::open(self.folder.path()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store.with_max_concurrent(limit));
        vec![store; count]
    }

    async fn on_clock(&self, count: usize, clock: Clock) -> Vec<Arc<dyn Store>> {
        let store = SqliteStore::open(self.folder.path()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store.with_schedule_clock(move || clock()));
        vec![store; count]
    }

    async fn slots(&self) -> BTreeMap<String, i64> {
        let rows = sqlx::query_as(
            "SELECT proc_name, count(*) FROM execution WHERE slot = 1 GROUP BY proc_name",
        );
        let rows: Vec<_> = rows.fetch_all(&self.records).await.unwrap();
        rows.into_iter().collect()
    }

    async fn audit_rows(&self) -> Vec<AuditRow> {
        let rows = sqlx::query("SELECT * FROM audit ORDER BY id").fetch_all(&self.records);
        rows.await.unwrap().iter().map(audit_row).collect()
    }

    async fn deliveries(&self) -> Vec<DeliveryRow> {
        let rows =
            sqlx::query("SELECT * FROM delivery ORDER BY created_at").fetch_all(&self.records);
        rows.await.unwrap().iter().map(delivery_row).collect()
    }

    async fn age_keys(&self, by: SignedDuration) {
        for statement in [
            "UPDATE idempotency SET created_at = created_at - ?",
            "UPDATE schedule SET created_at = created_at - ?",
        ] {
            sqlx::query(statement)
                .bind(i64::try_from(by.as_micros()).unwrap())
                .execute(&self.records)
                .await
                .unwrap();
        }
    }

    async fn set_created_at(&self, id: ExecutionId, at: Timestamp) {
        sqlx::query("UPDATE execution SET created_at = ? WHERE id = ?")
            .bind(at.as_microsecond())
            .bind(id.as_i64())
            .execute(&self.records)
            .await
            .unwrap();
    }

    async fn tamper(&self, statement: &str) {
        let statement = statement.replace("proctor.", "").replace("EPOCH", "0");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&self.records)
            .await
            .unwrap();
    }

    async fn age_leases(&self, by: SignedDuration) {
        sqlx::query(
            "UPDATE replica SET expires_at = expires_at - ?1, renewed_at = renewed_at - ?1",
        )
        .bind(i64::try_from(by.as_micros()).unwrap())
        .execute(&self.records)
        .await
        .unwrap();
    }
}

fn audit_row(row: &SqliteRow) -> AuditRow {
    AuditRow {
        who: row.get("who"),
        action: row.get("action"),
        target: row.get("target"),
        source: row.get("source"),
        result: row.get("result"),
        request_id: row.get("request_id"),
    }
}

fn delivery_row(row: &SqliteRow) -> DeliveryRow {
    let id: Option<i64> = row.get("execution_id");
    DeliveryRow {
        execution_id: id.map(|id| id.to_string().parse().unwrap()),
        event: row.get("event"),
        kind: row.get("kind"),
        target: row.get("target"),
        payload: serde_json::from_str(row.get("payload")).unwrap(),
        state: row.get("state"),
        next_at: Timestamp::from_microsecond(row.get("next_at")).unwrap(),
    }
}
