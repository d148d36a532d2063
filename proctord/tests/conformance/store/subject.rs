//! A store under test, and the ways past it: rows that the trait does not show, and times that a test cannot
//! wait for.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctord::domain::id::ExecutionId;
use proctord::store::{Audience, Store};

/// A clock that a test has in its hand.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A store under test.
#[async_trait]
pub trait Subject: Sized + Send + Sync {
    /// A new, empty store.
    async fn fresh() -> Self;
    /// The same, with those that are told of what happens.
    async fn telling(audience: Audience) -> Self;
    /// The same, keeping so many bytes of one log.
    async fn keeping(log_limit: u64) -> Self;
    /// The same store after its process has ended and started again.
    async fn reopened(self) -> Self;
    fn store(&self) -> &dyn Store;
    /// The stores of so many replicas on the same data, each with this limit of the installation. SQLite has one
    /// replica: there it is the same one each time.
    async fn replicas(&self, count: usize, limit: Option<NonZeroU32>) -> Vec<Arc<dyn Store>>;
    /// The stores of so many replicas on the same data, whose schedules go by this clock.
    async fn on_clock(&self, count: usize, clock: Clock) -> Vec<Arc<dyn Store>>;
    /// How many slots are taken by each proc at one moment.
    async fn slots(&self) -> BTreeMap<String, i64>;
    /// The audit trail, oldest first.
    async fn audit_rows(&self) -> Vec<AuditRow>;
    /// All deliveries, oldest first.
    async fn deliveries(&self) -> Vec<DeliveryRow>;
    /// Makes all idempotency keys older.
    async fn age_keys(&self, by: SignedDuration);
    /// Pretends that an execution was accepted at another time.
    async fn set_created_at(&self, id: ExecutionId, at: Timestamp);
    /// What somebody does who has the database. The statement names the schema of Postgres, and EPOCH for the first
    /// moment of 1970.
    async fn tamper(&self, statement: &str);
    /// Pretends that every lease was renewed, and runs out, so much earlier.
    async fn age_leases(&self, by: SignedDuration);
}

/// A row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub who: String,
    pub action: String,
    pub target: String,
    pub source: String,
    pub result: String,
    pub request_id: String,
}

/// A row of a delivery.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    pub execution_id: Option<ExecutionId>,
    pub kind: String,
    pub event: String,
    pub target: String,
    pub payload: serde_json::Value,
    pub state: String,
    pub next_at: Timestamp,
}
