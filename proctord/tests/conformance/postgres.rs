//! Postgres under test: each store in a database of its own on one real server, with a second way into it.

mod access;
mod fences;
mod metadata;
mod plans;
mod sealing;
mod trouble;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use proctor_testkit::postgres::{Database, Server};
use proctord::domain::id::ExecutionId;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{Audience, Store};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use tokio::sync::OnceCell;

use crate::store::subject::{AuditRow, Clock, DeliveryRow, Subject};

/// A store in Postgres.
pub struct PostgresSubject {
    pub database: Database<'static>,
    pub store: PostgresStore,
    pub records: PgPool,
}

/// A new database with the schema, which is made once and copied.
pub async fn migrated() -> (Database<'static>, PostgresSettings) {
    static SCHEMA: OnceCell<Database<'static>> = OnceCell::const_new();
    let schema = SCHEMA.get_or_init(async || {
        let database = Server::shared().database();
        let settings = database.url().parse().unwrap();
        migrations::apply(&settings).await.unwrap();
        database
    });
    let database = Server::shared().copy_of(schema.await);
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.max_connections = 8.try_into().unwrap();
    (database, settings)
}

impl PostgresSubject {
    fn open(database: Database<'static>, log_limit: Option<u64>) -> Self {
        let mut settings: PostgresSettings = database.url().parse().unwrap();
        settings.max_connections = 8.try_into().unwrap();
        let mut store = PostgresStore::new(&settings);
        if let Some(bytes) = log_limit {
            store = store.with_log_limit(bytes);
        }
        Self {
            records: PgPool::connect_lazy(&database.url()).unwrap(),
            store,
            database,
        }
    }
}

#[async_trait]
impl Subject for PostgresSubject {
    async fn fresh() -> Self {
        Self::open(migrated().await.0, None)
    }

    async fn telling(audience: Audience) -> Self {
        let mut subject = Self::fresh().await;
        subject.store = subject.store.with_audience(audience);
        subject
    }

    async fn keeping(log_limit: u64) -> Self {
        Self::open(migrated().await.0, Some(log_limit))
    }

    async fn reopened(self) -> Self {
        self.records.close().await;
        self.store.close().await;
        Self::open(self.database, None)
    }

    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn replicas(&self, count: usize, limit: Option<NonZeroU32>) -> Vec<Arc<dyn Store>> {
        let mut settings: PostgresSettings = self.database.url().parse().unwrap();
        settings.max_connections = 8.try_into().unwrap();
        let store = || PostgresStore::new(&settings).with_max_concurrent(limit);
        let stores = (0..count).map(|_| Arc::new(store()) as Arc<dyn Store>);
        stores.collect()
    }

    async fn on_clock(&self, count: usize, clock: Clock) -> Vec<Arc<dyn Store>> {
        let mut settings: PostgresSettings = self.database.url().parse().unwrap();
        settings.max_connections = 8.try_into().unwrap();
        let stores = (0..count).map(|_| {
            let clock = Arc::clone(&clock);
            let store = PostgresStore::new(&settings).with_schedule_clock(move || clock());
            Arc::new(store) as Arc<dyn Store>
        });
        stores.collect()
    }

    async fn slots(&self) -> BTreeMap<String, i64> {
        let rows = sqlx::query_as(
            "SELECT proc_name, count(*) FROM proctor.execution WHERE slot GROUP BY proc_name",
        );
        let rows: Vec<_> = rows.fetch_all(&self.records).await.unwrap();
        rows.into_iter().collect()
    }

    async fn audit_rows(&self) -> Vec<AuditRow> {
        let rows = sqlx::query("SELECT * FROM proctor.audit ORDER BY id").fetch_all(&self.records);
        rows.await.unwrap().iter().map(audit_row).collect()
    }

    async fn deliveries(&self) -> Vec<DeliveryRow> {
        let rows = sqlx::query("SELECT * FROM proctor.delivery ORDER BY created_at")
            .fetch_all(&self.records);
        rows.await.unwrap().iter().map(delivery_row).collect()
    }

    async fn age_keys(&self, by: SignedDuration) {
        for statement in [
            "UPDATE proctor.execution SET created_at = created_at - make_interval(secs => $1)",
            "UPDATE proctor.schedule SET created_at = created_at - make_interval(secs => $1)",
        ] {
            sqlx::query(statement)
                .bind(by.as_secs_f64())
                .execute(&self.records)
                .await
                .unwrap();
        }
    }

    async fn set_created_at(&self, id: ExecutionId, at: Timestamp) {
        sqlx::query("UPDATE proctor.execution SET created_at = $1 WHERE id = $2")
            .bind(at.to_sqlx())
            .bind(id.as_i64())
            .execute(&self.records)
            .await
            .unwrap();
    }

    async fn tamper(&self, statement: &str) {
        let statement = statement.replace("EPOCH", "timestamptz 'epoch'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&self.records)
            .await
            .unwrap();
    }

    async fn age_leases(&self, by: SignedDuration) {
        sqlx::query(
            "UPDATE proctor.replica SET expires_at = expires_at - make_interval(secs => $1),
                    renewed_at = renewed_at - make_interval(secs => $1)",
        )
        .bind(by.as_secs_f64())
        .execute(&self.records)
        .await
        .unwrap();
    }
}

fn audit_row(row: &PgRow) -> AuditRow {
    AuditRow {
        who: row.get("who"),
        action: row.get("action"),
        target: row.get("target"),
        source: row.get("source"),
        result: row.get("result"),
        request_id: row.get("request_id"),
    }
}

fn delivery_row(row: &PgRow) -> DeliveryRow {
    let id: Option<i64> = row.get("execution_id");
    let next_at: jiff_sqlx::Timestamp = row.get("next_at");
    DeliveryRow {
        execution_id: id.map(|id| id.to_string().parse().unwrap()),
        event: row.get("event"),
        kind: row.get("kind"),
        target: row.get("target"),
        payload: serde_json::from_str(row.get("payload")).unwrap(),
        state: row.get("state"),
        next_at: next_at.to_jiff(),
    }
}
