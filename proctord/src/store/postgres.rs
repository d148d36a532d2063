//! The store in Postgres, in a schema of its own. Units of work live one per file below; each is bounded in
//! time, and what a lost connection leaves half-way is gone with it.

mod accept;
mod adopt;
mod audit;
mod database;
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
pub mod migrations;
mod queue;
mod row;
mod schedule;
mod settings;
mod step;
mod stop;
mod text;
mod transition;
mod waiting;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

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
use database::{Database, Unit};
use fault::failed;

pub use settings::{MAX_CONNECTIONS, PATIENCE, PostgresSettings};

/// The server is given this much longer to tell by itself that it gives up, which says more.
const SERVER_FIRST: Duration = Duration::from_secs(1);

/// The store in a Postgres database.
pub struct PostgresStore {
    database: Database,
    /// How many bytes of one log are kept.
    log_limit: u64,
    /// How many executions may run at once, of all procs together.
    max_concurrent: Option<NonZeroU32>,
    /// Who is told of what happens.
    audience: Audience,
    /// What schedules go by.
    clock: schedule::Clock,
}

impl PostgresStore {
    /// The store of a database, which is reached for when the first unit of work begins; until the schema is
    /// there all of them fail.
    #[must_use]
    pub fn new(settings: &PostgresSettings) -> Self {
        Self {
            database: Database::new(settings),
            log_limit: LOG_LIMIT_BYTES,
            max_concurrent: None,
            audience: Audience::default(),
            clock: schedule::Clock::default(),
        }
    }

    /// The same with another clock that schedules go by; nothing else does. For tests, in which a week passes in a
    /// minute.
    #[doc(hidden)]
    #[must_use]
    pub fn with_schedule_clock(
        mut self,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        self.clock = schedule::Clock::Told(std::sync::Arc::new(now));
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

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Gives up on a unit of work that hangs, whatever it hangs on.
    async fn bounded<T>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let patience = self.database.patience().saturating_add(SERVER_FIRST);
        tokio::time::timeout(patience, work)
            .await
            .unwrap_or_else(|_| {
                Err(StoreError::Unavailable {
                    doing,
                    source: "the database did not answer in time".into(),
                })
            })
    }

    async fn connection(&self, doing: &'static str) -> Result<Unit, StoreError> {
        self.database.connection().await.map_err(failed(doing))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn installation(&self) -> Result<Uuid, StoreError> {
        let work = installation::id(&self.database);
        self.bounded("tell the installation's id", work).await
    }

    async fn accept(
        &self,
        new: NewExecution,
        idempotency: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Accepted, StoreError> {
        let request = accept::Request {
            new,
            key: idempotency,
            entry: audit,
        };
        let work = accept::accept(&self.database, self.max_concurrent, &self.audience, request);
        self.bounded("accept an execution", work).await
    }

    async fn transition(&self, change: Change) -> Result<Execution, StoreError> {
        let work = transition::transition(&self.database, &self.audience, change);
        self.bounded("change an execution", work).await
    }

    async fn request_stop(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        let work = stop::request(&self.database, id, intent, &audit);
        self.bounded("store a stop", work).await
    }

    async fn give_up(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        let work = give_up::give_up(&self.database, &self.audience, id, intent, &audit);
        self.bounded("give an execution up", work).await
    }

    async fn note_late_outcome(
        &self,
        id: ExecutionId,
        fence: Fence,
        late: LateOutcome,
    ) -> Result<Execution, StoreError> {
        let doing = "keep a late outcome";
        let work = async { late::note(&mut *self.connection(doing).await?, id, fence, late).await };
        self.bounded(doing, work).await
    }

    async fn note_waiting(
        &self,
        id: ExecutionId,
        fence: Fence,
        waiting: Option<&str>,
    ) -> Result<(), StoreError> {
        let doing = "note what an execution waits for";
        let work =
            async { waiting::note(&mut *self.connection(doing).await?, id, fence, waiting).await };
        self.bounded(doing, work).await
    }

    async fn stops_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        let doing = "look for wishes to stop";
        let work = async { stop::of_owner(&mut *self.connection(doing).await?, owner).await };
        self.bounded(doing, work).await
    }

    async fn unfinished_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        let doing = "look for what is unfinished";
        let work = async { adopt::unfinished_of(&mut *self.connection(doing).await?, owner).await };
        self.bounded(doing, work).await
    }

    async fn adopt_host(&self, replica: &Replica) -> Result<Vec<Execution>, StoreError> {
        let work = adopt::of_host(&self.database, replica);
        self.bounded("adopt the executions of a host", work).await
    }

    async fn clock(&self) -> Result<Timestamp, StoreError> {
        let work = installation::clock(&self.database);
        self.bounded("tell the time", work).await
    }

    async fn renew_lease(
        &self,
        replica: &Replica,
        lifetime: SignedDuration,
    ) -> Result<Timestamp, StoreError> {
        let work = lease::renew(&self.database, replica, lifetime);
        self.bounded("renew a lease", work).await
    }

    async fn give_up_lease(&self, replica_id: &str) -> Result<(), StoreError> {
        let work = lease::give_up(&self.database, replica_id);
        self.bounded("give up a lease", work).await
    }

    async fn adopt_silent(
        &self,
        replica: &Replica,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError> {
        let work = adopt::of_silent(&self.database, replica, limit);
        self.bounded("adopt the executions of a silent replica", work)
            .await
    }

    async fn adopt_from_silent_hosts(
        &self,
        replica: &Replica,
        patience: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError> {
        let work = adopt::of_silent_hosts(&self.database, replica, patience, limit);
        self.bounded("adopt the executions of silent hosts", work)
            .await
    }

    async fn last_word_of(&self, host: &str) -> Result<Option<Timestamp>, StoreError> {
        let doing = "look for the last word of a host";
        let work = async { lease::last_word_of(&mut *self.connection(doing).await?, host).await };
        self.bounded(doing, work).await
    }

    async fn admit_queued(
        &self,
        queues: Queues<'_>,
        replica: &Replica,
    ) -> Result<Vec<Execution>, StoreError> {
        let work = queue::admit(&self.database, self.max_concurrent, queues, replica);
        self.bounded("admit executions", work).await
    }

    async fn admitted_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError> {
        let work = queue::admitted_of(&self.database, owner);
        self.bounded("read what was admitted", work).await
    }

    async fn place_in_queue(&self, id: ExecutionId) -> Result<Option<Place>, StoreError> {
        let doing = "find the place in a queue";
        let limit = self.max_concurrent;
        let work = async { queue::place(&mut *self.connection(doing).await?, id, limit).await };
        self.bounded(doing, work).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>, StoreError> {
        let doing = "read an execution";
        let work = async { row::find(&mut *self.connection(doing).await?, id).await };
        self.bounded(doing, work).await
    }

    async fn execution_named(&self, name: &ExecutionName) -> Result<Option<Execution>, StoreError> {
        let doing = "read an execution";
        let work = async { row::find_named(&mut *self.connection(doing).await?, name).await };
        self.bounded(doing, work).await
    }

    async fn execution_of_v2(&self, v2_id: u64) -> Result<Option<Execution>, StoreError> {
        let doing = "read an execution of version 2";
        let work = async { row::find_of_v2(&mut *self.connection(doing).await?, v2_id).await };
        self.bounded(doing, work).await
    }

    async fn import(&self, executions: &[Imported]) -> Result<ImportCount, StoreError> {
        import::import(&self.database, executions, self.log_limit).await
    }

    async fn sealed_secrets(&self, id: ExecutionId) -> Result<Option<Vec<u8>>, StoreError> {
        let doing = "read the sealed secrets of an execution";
        let work = async { row::sealed_secrets(&mut *self.connection(doing).await?, id).await };
        self.bounded(doing, work).await
    }

    async fn steps(&self, id: ExecutionId) -> Result<Vec<Step>, StoreError> {
        let doing = "read the steps of an execution";
        let work = async { step::list(&mut *self.connection(doing).await?, id).await };
        self.bounded(doing, work).await
    }

    async fn executions(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: NonZeroU32,
    ) -> Result<Page, StoreError> {
        let doing = "list executions";
        let work =
            async { list::page(&mut *self.connection(doing).await?, filter, after, limit).await };
        self.bounded(doing, work).await
    }

    async fn census(&self) -> Result<BTreeMap<Status, u64>, StoreError> {
        let doing = "count executions";
        let work = async { list::census(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }

    async fn append_log(
        &self,
        appends: &[LogAppend],
    ) -> Result<Vec<Result<Appended, StoreError>>, StoreError> {
        let work = log::append::append(&self.database, appends, self.log_limit);
        self.bounded("append to logs", work).await
    }

    async fn log_tail(&self, id: ExecutionId) -> Result<LogTail, StoreError> {
        let doing = "read where a log ends";
        let work = async { log::read::tail(&mut *self.connection(doing).await?, id).await };
        self.bounded(doing, work).await
    }

    async fn log_standings(&self, ids: &[ExecutionId]) -> Result<Vec<LogStanding>, StoreError> {
        let doing = "read how far logs have come";
        let work = async { log::standing::of(&mut *self.connection(doing).await?, ids).await };
        self.bounded(doing, work).await
    }

    async fn read_log(
        &self,
        id: ExecutionId,
        from: LogPosition,
        bytes: usize,
    ) -> Result<LogSlice, StoreError> {
        let work = log::read::slice(&self.database, id, from, bytes);
        self.bounded("read a log", work).await
    }

    async fn finish_log(
        &self,
        id: ExecutionId,
        fence: Fence,
        end: LogEnd,
    ) -> Result<(), StoreError> {
        let work = log::finish::finish(&self.database, id, fence, end);
        self.bounded("close a log", work).await
    }

    async fn heed_hold(&self, word: Option<&str>) -> Result<Option<u64>, StoreError> {
        let work = hold::heed(&self.database, word);
        self.bounded("look whether to hold executions", work).await
    }

    async fn notice_strangers(&self, names: &[ExecutionName]) -> Result<Noticed, StoreError> {
        let work = hold::notice(&self.database, names);
        self.bounded("look for strangers", work).await
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        let doing = "read a hold";
        let work = async { hold::current(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }

    async fn held(&self) -> Result<Vec<Execution>, StoreError> {
        let doing = "read what is held";
        let work = async { hold::held(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }

    async fn strangers(&self) -> Result<Vec<Stranger>, StoreError> {
        let doing = "read what was noticed";
        let work = async { hold::strangers(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }

    async fn release(&self, id: ExecutionId, audit: AuditEntry) -> Result<Execution, StoreError> {
        let work = hold::release::release(&self.database, id, &audit);
        self.bounded("release an execution", work).await
    }

    async fn fail_held(
        &self,
        id: ExecutionId,
        reason: &str,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        let work = hold::release::fail(&self.database, &self.audience, id, reason, &audit);
        self.bounded("end what is held", work).await
    }

    async fn end_hold(&self, audit: AuditEntry) -> Result<(), StoreError> {
        let work = hold::release::end(&self.database, &audit);
        self.bounded("end a hold", work).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let work = installation::touch(&self.database);
        self.bounded("write", work).await
    }
}
