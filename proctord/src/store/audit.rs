//! The audit trail as every store keeps it: what is written, what is read, and the seals over it. How a seal is
//! computed is said in `seal`, once for all stores; what a broken one means is not known here.

pub mod seal;

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;

use super::StoreError;
use seal::Seal;

/// Who did what to what, from where, with what result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub who: String,
    /// Verb and resource, such as `execution.create`.
    pub action: &'static str,
    /// The thing touched, such as a proc's name or an execution's id; the store fills in the id of an
    /// execution that it creates.
    pub target: String,
    pub source: String,
    pub result: AuditResult,
    pub request_id: String,
}

/// How an audited action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditResult {
    /// It is about to be done, somewhere that is not committed with the trail; a row that tells how it went
    /// follows. Without one nobody knows.
    Begun,
    Done,
    Refused,
    Failed,
}

/// A word that is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there are begun, done, refused and failed")]
pub struct UnknownResult;

impl AuditResult {
    /// The name in the store and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for AuditResult {
    type Err = UnknownResult;

    fn from_str(word: &str) -> Result<Self, UnknownResult> {
        [Self::Begun, Self::Done, Self::Refused, Self::Failed]
            .into_iter()
            .find(|result| result.as_str() == word)
            .ok_or(UnknownResult)
    }
}

/// How often requests of a source were refused with one status since that was told the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    pub source: String,
    pub status: u16,
    pub count: u32,
}

impl RefusalCount {
    /// The action by which the trail knows it.
    pub const ACTION: &'static str = "access.refused";
}

/// A row as it is stored, whatever somebody has made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub id: i64,
    pub at: Timestamp,
    pub who: String,
    pub action: String,
    pub target: String,
    pub source: String,
    pub result: String,
    pub count: i64,
    pub request_id: String,
    /// The number of the seal that covers it.
    pub seal: Option<i64>,
}

/// Which rows a list shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub who: Option<String>,
    pub action: Option<String>,
    pub target: Option<String>,
    pub source: Option<String>,
    pub result: Option<AuditResult>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    /// The id before which the next page begins.
    pub next: Option<i64>,
}

impl AuditPage {
    /// A page of the rows that were found when one more than its limit was asked for.
    pub(super) fn of(mut rows: Vec<AuditRow>, limit: NonZeroU32) -> Self {
        let limit = limit.get() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        Self { rows, next }
    }
}

/// Where a page of sealed rows begins: after the row of this seal and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    pub seal: i64,
    pub id: i64,
}

impl RowPlace {
    /// Before the first row of a seal.
    #[must_use]
    pub fn before(seal: i64) -> Self {
        Self { seal, id: i64::MIN }
    }
}

/// What a try to seal has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// There is nothing that is not sealed.
    Nothing,
    /// Another replica is at it this moment.
    Elsewhere,
    /// There is a new seal.
    Sealed(Seal),
}

/// What no seal covers yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsealed {
    pub rows: u64,
    pub oldest: Option<Timestamp>,
}

/// The audit trail of a store. Rows that go with a change are written by the unit of work that makes it.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Adds what no other unit of work recorded.
    async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Adds a row for each of these, all or none.
    async fn audit_refusals(&self, refusals: &[RefusalCount]) -> Result<(), StoreError>;

    /// Rows from new to old, those before an id if one is given.
    async fn audit_rows(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<AuditPage, StoreError>;

    /// Puts the oldest rows that no seal covers, up to `limit`, under a new one, which follows the last. Of several
    /// replicas one does so at a time.
    async fn seal_audit(&self, limit: NonZeroU32) -> Result<Sealing, StoreError>;

    /// Seals by number, those after a number.
    async fn seals(&self, after: i64, limit: NonZeroU32) -> Result<Vec<Seal>, StoreError>;

    /// The rows that say they are covered by one of these seals, by seal and id, those after a place.
    async fn sealed_rows(
        &self,
        seals: RangeInclusive<i64>,
        after: RowPlace,
        limit: NonZeroU32,
    ) -> Result<Vec<AuditRow>, StoreError>;

    /// How much no seal covers yet.
    async fn unsealed(&self) -> Result<Unsealed, StoreError>;
}
