//! The store in SQLite: `proctor.db` holds everything but log bytes, `logs.db` holds those, each with a writer
//! of its own, so that a flood of log bytes never holds up an accept. Units of work live one per file below.

mod accept;
mod adopt;
mod audit;
mod delivery;
mod fault;
mod give_up;
mod hold;
mod idempotency;
mod import;
mod installation;
mod late;
mod lease;
mod list;
mod log;
#[cfg(test)]
mod plans;
mod queue;
mod row;
mod schedule;
mod step;
mod stop;
mod time;
mod transition;
mod waiting;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctor_api::{LogEnd, Status};
use uuid::Uuid;

use super::{
    Accepted, Appended, Audience, AuditEntry, Change, Cursor, Filter, Hold, Idempotency,
    ImportCount, Imported, LOG_LIMIT_BYTES, LogAppend, LogPosition, LogSlice, LogStanding, LogTail,
    NewExecution, Noticed, Page, Place, Queues, Replica, Store, StoreError, Stranger,
};
use crate::domain::execution::{Execution, Fence, Step};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{LateOutcome, StopIntent};
use crate::domain::name::ExecutionName;
use crate::sqlite::{Database, OpenError, Setup};

/// Everything but log bytes.
const RECORDS_FILE: &str = "proctor.db";
/// Log bytes and log events.
const LOGS_FILE: &str = "logs.db";

/// The store in two SQLite files of one folder.
pub struct SqliteStore {
    records: Database,
    logs: Database,
    /// Tells ids of the same moment apart.
    sequence: AtomicU64,
    /// How many bytes of one log are kept.
    log_limit: u64,
    /// How many executions may run at once, of all procs together.
    max_concurrent: Option<NonZeroU32>,
    /// Who is told of what happens.
    audience: Audience,
    /// What schedules go by.
    clock: schedule::Clock,
}

impl SqliteStore {
    /// Opens the store of a folder, or makes one there.
    ///
    /// # Errors
    /// The file that cannot be opened, and why.
    pub async fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_bounded(folder, None).await
    }

    /// Opens a store whose files may have so many pages and no more, as on a full disk.
    ///
    /// # Errors
    /// The file that cannot be opened, and why.
    #[doc(hidden)]
    pub async fn open_bounded(folder: &Path, page_limit: Option<u32>) -> Result<Self, OpenError> {
        static RECORDS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite/store");
        static LOGS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite/logs");
        let records = Database::open(Setup {
            path: folder.join(RECORDS_FILE),
            migrator: &RECORDS,
            attached: None,
            page_limit,
        })
        .await?;
        let logs = Database::open(Setup {
            path: folder.join(LOGS_FILE),
            migrator: &LOGS,
            attached: Some(("records", folder.join(RECORDS_FILE))),
            page_limit,
        })
        .await?;
        Ok(Self {
            records,
            logs,
            sequence: AtomicU64::new(0),
            log_limit: LOG_LIMIT_BYTES,
            max_concurrent: None,
            audience: Audience::default(),
            clock: schedule::Clock::default(),
        })
    }

    /// The same with another clock that schedules go by; nothing else does. For tests, in which a week passes in a
    /// minute.
    #[doc(hidden)]
    #[must_use]
    pub fn with_schedule_clock(
        mut self,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        self.clock = schedule::Clock(Some(std::sync::Arc::new(now)));
        self
    }

    /// The same with another number of bytes that are kept of one log.
    #[must_use]
    pub fn with_log_limit(mut self, bytes: u64) -> Self {
        self.log_limit = bytes;
        self
    }

    /// The same with a limit to how many executions run at once, of all procs together.
    #[must_use]
    pub fn with_max_concurrent(mut self, limit: Option<NonZeroU32>) -> Self {
        self.max_concurrent = limit;
        self
    }

    /// The same with those that are told of what happens, beside whom an execution names itself.
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Closes both files.
    pub async fn close(&self) {
        // The logs' writer holds the other file open as well.
        self.logs.close().await;
        self.records.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn installation(&self) -> Result<Uuid, StoreError> {
        installation::id(&self.records).await
    }

    async fn accept(
        &self,
        new: NewExecution,
        idempotency: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Accepted, StoreError> {
        accept::accept(self, new, idempotency, audit).await
    }

    async fn transition(&self, change: Change) -> Result<Execution, StoreError> {
        transition::transition(&self.records, &self.audience, change).await
    }

    async fn request_stop(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        stop::request(&self.records, id, intent, &audit).await
    }

    async fn give_up(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        give_up::give_up(&self.records, &self.audience, id, intent, &audit).await
    }

    async fn note_late_outcome(
        &self,
        id: ExecutionId,
        fence: Fence,
        late: LateOutcome,
    ) -> Result<Execution, StoreError> {
        late::note(&self.records, id, fence, late).await
    }

    async fn note_waiting(
        &self,
        id: ExecutionId,
        fence: Fence,
        waiting: Option<&str>,
    ) -> Result<(), StoreError> {
        waiting::note(&self.records, id, fence, waiting).await
    }

    async fn stops_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        stop::of_owner(self.records.readers(), owner).await
    }

    async fn unfinished_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        adopt::unfinished_of(self.records.readers(), owner).await
    }

    async fn adopt_host(&self, replica: &Replica) -> Result<Vec<Execution>, StoreError> {
        adopt::adopt_host(self, replica).await
    }

    async fn clock(&self) -> Result<Timestamp, StoreError> {
        Ok(time::now())
    }

    async fn renew_lease(
        &self,
        replica: &Replica,
        lifetime: SignedDuration,
    ) -> Result<Timestamp, StoreError> {
        lease::renew(&self.records, replica, lifetime).await
    }

    async fn give_up_lease(&self, replica_id: &str) -> Result<(), StoreError> {
        lease::give_up(&self.records, replica_id).await
    }

    async fn adopt_silent(
        &self,
        replica: &Replica,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError> {
        adopt::adopt_silent(self, replica, limit).await
    }

    async fn adopt_from_silent_hosts(
        &self,
        replica: &Replica,
        patience: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError> {
        adopt::adopt_from_silent_hosts(self, replica, patience, limit).await
    }

    async fn last_word_of(&self, host: &str) -> Result<Option<Timestamp>, StoreError> {
        lease::last_word_of(self.records.readers(), host).await
    }

    async fn admit_queued(
        &self,
        queues: Queues<'_>,
        replica: &Replica,
    ) -> Result<Vec<Execution>, StoreError> {
        queue::admit(&self.records, self.max_concurrent, queues, replica).await
    }

    async fn admitted_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        queue::slots::admitted_of(self.records.readers(), owner).await
    }

    async fn place_in_queue(&self, id: ExecutionId) -> Result<Option<Place>, StoreError> {
        queue::place::of(self.records.readers(), id, self.max_concurrent).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>, StoreError> {
        row::find(self.records.readers(), id).await
    }

    async fn execution_named(&self, name: &ExecutionName) -> Result<Option<Execution>, StoreError> {
        row::find_named(self.records.readers(), name).await
    }

    async fn execution_of_v2(&self, v2_id: u64) -> Result<Option<Execution>, StoreError> {
        row::find_of_v2(self.records.readers(), v2_id).await
    }

    async fn import(&self, executions: &[Imported]) -> Result<ImportCount, StoreError> {
        import::import(self, executions).await
    }

    async fn sealed_secrets(&self, id: ExecutionId) -> Result<Option<Vec<u8>>, StoreError> {
        row::sealed_secrets(self.records.readers(), id).await
    }

    async fn steps(&self, id: ExecutionId) -> Result<Vec<Step>, StoreError> {
        step::list(self.records.readers(), id).await
    }

    async fn executions(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: NonZeroU32,
    ) -> Result<Page, StoreError> {
        list::page(self.records.readers(), filter, after, limit).await
    }

    async fn census(&self) -> Result<BTreeMap<Status, u64>, StoreError> {
        list::census(self.records.readers()).await
    }

    async fn append_log(
        &self,
        appends: &[LogAppend],
    ) -> Result<Vec<Result<Appended, StoreError>>, StoreError> {
        log::append::append(&self.logs, appends, self.log_limit).await
    }

    async fn log_tail(&self, id: ExecutionId) -> Result<LogTail, StoreError> {
        log::read::tail(self, id).await
    }

    async fn log_standings(&self, ids: &[ExecutionId]) -> Result<Vec<LogStanding>, StoreError> {
        log::standing::of(&self.logs, ids).await
    }

    async fn read_log(
        &self,
        id: ExecutionId,
        from: LogPosition,
        bytes: usize,
    ) -> Result<LogSlice, StoreError> {
        log::read::slice(self, id, from, bytes).await
    }

    async fn finish_log(
        &self,
        id: ExecutionId,
        fence: Fence,
        end: LogEnd,
    ) -> Result<(), StoreError> {
        log::finish::finish(self, id, fence, end).await
    }

    async fn heed_hold(&self, word: Option<&str>) -> Result<Option<u64>, StoreError> {
        hold::heed(&self.records, word).await
    }

    async fn notice_strangers(&self, names: &[ExecutionName]) -> Result<Noticed, StoreError> {
        hold::notice(&self.records, names).await
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        hold::current(self.records.readers()).await
    }

    async fn held(&self) -> Result<Vec<Execution>, StoreError> {
        hold::held(self.records.readers()).await
    }

    async fn strangers(&self) -> Result<Vec<Stranger>, StoreError> {
        hold::strangers(self.records.readers()).await
    }

    async fn release(&self, id: ExecutionId, audit: AuditEntry) -> Result<Execution, StoreError> {
        hold::release::release(&self.records, id, &audit).await
    }

    async fn fail_held(
        &self,
        id: ExecutionId,
        reason: &str,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        hold::release::fail(&self.records, &self.audience, id, reason, &audit).await
    }

    async fn end_hold(&self, audit: AuditEntry) -> Result<(), StoreError> {
        hold::release::end(&self.records, &audit).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        installation::touch(&self.records).await
    }
}
