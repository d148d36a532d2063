//! What proctord remembers: executions with every step of their lives, their logs, deliveries and the
//! audit trail. Each method of [`Store`] is one whole unit of work: what it changes and the rows that the
//! change causes are committed together or not at all. A store knows nothing of runners or HTTP.

pub mod audit;
mod delivery;
mod hold;
mod imported;
mod late;
mod log;
pub mod postgres;
mod queue;
mod schedule;
pub mod sqlite;
mod state;
mod time;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctor_api::{LogEnd, LogEvent, Status};
use thiserror::Error;
use uuid::Uuid;

use crate::domain::execution::{Execution, Fence, Plan, RunnerKind, Step};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{Event, Forbidden, LateOutcome, StopIntent};
use crate::domain::name::{ExecutionName, ProcName};
use crate::domain::schedule::ScheduleId;

pub use audit::{
    AuditEntry, AuditFilter, AuditPage, AuditResult, AuditRow, AuditTrail, RefusalCount, RowPlace,
    Sealing, Unsealed,
};
pub use delivery::{
    Audience, Claim, Claimed, Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter,
    DeliveryKind, DeliveryPage, DeliveryState, HeldSchedule, MailPayload, Outbox, Outgoing,
    Release, Settlement, UnknownWord,
};
pub use hold::{Hold, Noticed, Stranger};
pub use imported::{ImportCount, Imported, ImportedLog};
pub use log::{
    Appended, LogAppend, LogGap, LogPosition, LogSlice, LogStanding, LogTail, StoredChunk,
};
pub use queue::{Place, Queues, SlotLimit};
pub use schedule::{
    Aim, DueSchedules, Fire, Fired, FiringsPage, ImportedSchedule, NewSchedule, Prepared,
    Schedules, SeenUser,
};

/// How many bytes of one log are kept unless told otherwise.
pub const LOG_LIMIT_BYTES: u64 = 1 << 30;

/// Why the store did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("there is no execution {0}")]
    NotFound(ExecutionId),
    #[error("execution {0} belongs to another replica by now")]
    FenceLost(ExecutionId),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("execution {0} is held: it is not started until `proctord recover` lets it go on")]
    Held(ExecutionId),
    #[error("execution {0} is not held, or not any more")]
    NotHeld(ExecutionId),
    #[error("there is no delivery {0}")]
    NoDelivery(String),
    #[error("delivery {0} has been delivered")]
    Delivered(String),
    #[error("{0} executions are still held: release them or have them fail first")]
    StillHeld(u64),
    #[error("there is no schedule {0}")]
    NoSchedule(ScheduleId),
    #[error("there is a schedule of the same proc with the same args")]
    ScheduleAlike,
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("log of execution {id}: bytes at offset {offset} do not continue what is stored")]
    LogDiscontinuous { id: ExecutionId, offset: u64 },
    #[error("the lease of replica {0} has run out, or it never had one")]
    LeaseExpired(String),
    #[error("the schema is at step {found} and step {needed} is needed: run `proctord migrate`")]
    SchemaBehind { found: i64, needed: i64 },
    #[error("no space is left to {doing}")]
    Full { doing: &'static str },
    #[error("the store did not {doing}")]
    Unavailable {
        doing: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the store holds something unreadable: {what}")]
    Damaged {
        what: String,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl StoreError {
    /// Something stored that cannot be what was written there.
    pub(crate) fn damaged(
        what: String,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Damaged {
            what,
            source: Some(source.into()),
        }
    }
}

/// A replica of proctord during one life of its process, and the host it runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// New at each start.
    pub id: String,
    /// Stays the same for a host, or for a data folder that may move between hosts.
    pub host: String,
}

/// An execution that is to be accepted.
#[derive(Debug, Clone)]
pub struct NewExecution {
    pub name: ExecutionName,
    pub proc_name: ProcName,
    pub user: String,
    pub plan: Plan,
    pub runner: RunnerKind,
    /// Set for executions that only this host can carry out.
    pub host: Option<String>,
    pub callback_url: Option<String>,
    /// How long after now it may wait for its launch.
    pub start_within: SignedDuration,
    /// Why it must not run, all reasons together: it is stored as REQUIREMENT_NOT_MET.
    pub refusal: Option<String>,
    /// The replica that will act for it.
    pub owner: String,
}

/// A client's key by which a repeated request finds the first one's execution.
#[derive(Debug, Clone)]
pub struct Idempotency {
    pub key: String,
    /// Digest of the request's meaning: the same key with another digest is an error.
    pub request_digest: String,
}

/// Outcome of accepting.
#[derive(Debug, Clone)]
pub enum Accepted {
    /// Stored now: RECEIVED, QUEUED or REQUIREMENT_NOT_MET.
    New(Execution),
    /// The same request was accepted before, and this is how it stands.
    Before(Execution),
}

impl Accepted {
    /// The execution, new or not.
    #[must_use]
    pub fn execution(&self) -> &Execution {
        match self {
            Self::New(execution) | Self::Before(execution) => execution,
        }
    }
}

/// A change of state that a replica asks for.
#[derive(Debug, Clone)]
pub struct Change {
    pub id: ExecutionId,
    pub fence: Fence,
    pub event: Event,
    /// What the runner calls the thing that runs, if this change makes it known.
    pub handle: Option<String>,
    /// The secrets that it was given, sealed; kept until its log is closed.
    pub sealed_secrets: Option<Vec<u8>>,
}

/// Which executions a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub proc_name: Option<ProcName>,
    pub user: Option<String>,
    pub status: Option<Status>,
    /// Created at or after.
    pub since: Option<Timestamp>,
    /// Created before.
    pub until: Option<Timestamp>,
}

/// Where a page ends: lists run from new to old by (created_at, id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Timestamp,
    pub id: ExecutionId,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub executions: Vec<Execution>,
    pub next: Option<Cursor>,
}

impl Page {
    /// A page of the rows that were found when one more than its limit was asked for.
    fn of(mut executions: Vec<Execution>, limit: NonZeroU32) -> Self {
        let limit = limit.get() as usize;
        let more = executions.len() > limit;
        executions.truncate(limit);
        let next = executions.last().filter(|_| more).map(|execution| Cursor {
            created_at: execution.created_at,
            id: execution.id,
        });
        Self { executions, next }
    }
}

/// The memory of proctord. Every implementation passes the one conformance suite.
#[async_trait]
pub trait Store: AuditTrail + Outbox + Schedules + Send + Sync {
    /// The id of this installation, made by the first migration and never changed.
    async fn installation(&self) -> Result<Uuid, StoreError>;

    /// Stores an execution, or finds the one that this user's key stood for in the last 24 hours. With
    /// `max_concurrent` reached by those of its proc that hold a slot and those that wait for one it is QUEUED, and
    /// so it is if the installation has no slot left, or one that somebody who waits is to get; otherwise it is
    /// RECEIVED and holds a slot. A refused one is REQUIREMENT_NOT_MET and its log is closed with an end
    /// event. The audit row is part of it; a repeated request changes nothing and has none. A slot may have been
    /// freed while one was QUEUED, and nobody was there to get it: `admit_queued` is to follow.
    async fn accept(
        &self,
        new: NewExecution,
        idempotency: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Accepted, StoreError>;

    /// Applies an event by the rules of the domain, under the fence. A terminal state frees the slot, which
    /// `admit_queued` is to give on, and writes the deliveries that it causes. What leads to a start is refused to one
    /// that is held, in the statement that would store it; whatever else happens to it ends that it is held.
    async fn transition(&self, change: Change) -> Result<Execution, StoreError>;

    /// Notes in words what a live execution waits for, under the fence; it is no change of state, and the next one
    /// ends it. Of one that is over nothing is noted.
    async fn note_waiting(
        &self,
        id: ExecutionId,
        fence: Fence,
        waiting: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Stores the wish to stop. The first wish stands, but a shorter grace replaces a longer one; an
    /// execution that has ended is returned as it is and gets no wish. Either way it is audited.
    async fn request_stop(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError>;

    /// Gives a live execution up on somebody's word, by the rules of the domain and with all that an end causes; the
    /// wish to stop is stored with it unless there is one. An execution that has ended is returned as it is. Either
    /// way it is audited; where the rules forbid it nothing is stored.
    async fn give_up(
        &self,
        id: ExecutionId,
        intent: StopIntent,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError>;

    /// Keeps how an execution ended that is LOST, under the fence; its outcome stays. The first one stands, and is
    /// returned with the execution.
    async fn note_late_outcome(
        &self,
        id: ExecutionId,
        fence: Fence,
        late: LateOutcome,
    ) -> Result<Execution, StoreError>;

    /// The executions of a replica of whose stop it may not know: live ones that somebody wishes to stop, and those
    /// with an open log that somebody has given up, wherever that was stored.
    async fn stops_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError>;

    /// Everything unfinished that belongs to a replica: live, or with an open log.
    async fn unfinished_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError>;

    /// Takes over every execution of the replica's host that is live or whose log is open: owner is the
    /// replica, fence one higher. What was QUEUED waits in the queue again, admitted or not. Once this has
    /// returned, no write under an older fence can land. Only for one who holds the data folder's lock.
    async fn adopt_host(&self, replica: &Replica) -> Result<Vec<Execution>, StoreError>;

    /// What time it is by the clock of the store, which all replicas share.
    async fn clock(&self) -> Result<Timestamp, StoreError>;

    /// Says that the replica is alive, and until when by the store's clock that holds. The replica itself counts
    /// from before the call, by its own monotonic clock, and stops acting when that has run out.
    async fn renew_lease(
        &self,
        replica: &Replica,
        lifetime: SignedDuration,
    ) -> Result<Timestamp, StoreError>;

    /// Ends a replica's lease at once, so that others take over what it leaves.
    async fn give_up_lease(&self, replica_id: &str) -> Result<(), StoreError>;

    /// Takes over up to `limit` executions that belong to no host, are live or have an open log, and whose
    /// owner has no lease any more; the oldest first. Like `adopt_host` otherwise. Those that somebody writes to
    /// this moment are left for the next time. Only for a replica whose own lease holds.
    async fn adopt_silent(
        &self,
        replica: &Replica,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError>;

    /// Takes over up to `limit` executions of other hosts whose owner has no lease any more, where nobody of the host
    /// has renewed one for as long as `patience`. They keep their host, so that whoever comes back to it takes them
    /// over again if they have not ended. Like `adopt_silent` otherwise.
    async fn adopt_from_silent_hosts(
        &self,
        replica: &Replica,
        patience: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<Vec<Execution>, StoreError>;

    /// When somebody of a host has last renewed a lease, as far as that is remembered.
    async fn last_word_of(&self, host: &str) -> Result<Option<Timestamp>, StoreError>;

    /// Gives free slots to the longest waiting QUEUED executions, of each proc in its order, leaving out those with
    /// a stop intent and those that are held; they stay QUEUED until the runner has them. Those of no host and of the replica's own belong
    /// to the replica from then on. One of another host stays its owner's, which finds it by `admitted_of`; if
    /// nobody acts for that host it is passed over. Looking at all queues also takes back the slots that such a
    /// host has got and not used. Returns `admitted_of` the replica: the answer that told of an execution before
    /// may have been lost.
    async fn admit_queued(
        &self,
        queues: Queues<'_>,
        replica: &Replica,
    ) -> Result<Vec<Execution>, StoreError>;

    /// The executions of a replica that have a slot and are QUEUED still, oldest first, whoever gave it to them.
    async fn admitted_of(&self, owner: &str) -> Result<Vec<Execution>, StoreError>;

    /// Where an execution stands in the queue; `None` if it waits for no slot.
    async fn place_in_queue(&self, id: ExecutionId) -> Result<Option<Place>, StoreError>;

    /// One execution.
    async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>, StoreError>;

    /// The execution of that name.
    async fn execution_named(&self, name: &ExecutionName) -> Result<Option<Execution>, StoreError>;

    /// The execution that had this id in version 2.
    async fn execution_of_v2(&self, v2_id: u64) -> Result<Option<Execution>, StoreError>;

    /// Stores executions of version 2 with their logs, closed, in one commit. Those that are there already, by
    /// their id in version 2, are left as they are. Each gets a new id of the moment it was created at, or of
    /// the next moment that has one free; a name that another one has by now is replaced. For one caller at a
    /// time; no replica need run.
    async fn import(&self, executions: &[Imported]) -> Result<ImportCount, StoreError>;

    /// The sealed secrets that came with a change of the execution, as long as its log is open.
    async fn sealed_secrets(&self, id: ExecutionId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Every step of an execution so far, oldest first.
    async fn steps(&self, id: ExecutionId) -> Result<Vec<Step>, StoreError>;

    /// A page of executions, newest first.
    async fn executions(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: NonZeroU32,
    ) -> Result<Page, StoreError>;

    /// How many executions there are of each status; a status that none has is left out. Those that version 2
    /// left RECEIVED or CREATED for ever are not counted: they would pass for live ones.
    async fn census(&self) -> Result<BTreeMap<Status, u64>, StoreError>;

    /// Appends to the logs of several executions in one commit; each answer stands for the append at its
    /// place. An append must continue exactly where the stored log ends. Of a log over the limit the first half
    /// of the limit and the last half are kept, a chunk more or less; the middle is deleted, and offsets stay.
    async fn append_log(
        &self,
        appends: &[LogAppend],
    ) -> Result<Vec<Result<Appended, StoreError>>, StoreError>;

    /// Where the stored log of an execution ends, so that its reader goes on from there.
    async fn log_tail(&self, id: ExecutionId) -> Result<LogTail, StoreError>;

    /// How far each of these logs has come, all asked for at once; by id, and each once. One to which nothing was
    /// written is left out, and so is an unknown one.
    async fn log_standings(&self, ids: &[ExecutionId]) -> Result<Vec<LogStanding>, StoreError>;

    /// A piece of the log from a position on: whole stored chunks, the first one cut to the position, until
    /// at least `bytes` are there or nothing more is stored; with the events that lie in the piece. A piece ends
    /// where bytes are no longer kept, and the next one begins with the gap.
    async fn read_log(
        &self,
        id: ExecutionId,
        from: LogPosition,
        bytes: usize,
    ) -> Result<LogSlice, StoreError>;

    /// Closes the log with its end event, under the fence; closing it again changes nothing. The end must name
    /// as many bytes as are stored, otherwise it is discontinuous. Deliveries that wait for it may go, and the
    /// sealed secrets are forgotten.
    async fn finish_log(
        &self,
        id: ExecutionId,
        fence: Fence,
        end: LogEnd,
    ) -> Result<(), StoreError>;

    /// Has a hold begin if proctord was started with this word and was not at its last start: everything that is
    /// accepted and not running is held. Started without a word, it forgets the last one. Returns how many are held if
    /// one has begun.
    async fn heed_hold(&self, word: Option<&str>) -> Result<Option<u64>, StoreError>;

    /// Tells which of the names that a runner has no execution bears. Those that were not told before are kept, and
    /// have a hold begin: such a thing is proof that the store was put back to a backup.
    async fn notice_strangers(&self, names: &[ExecutionName]) -> Result<Noticed, StoreError>;

    /// The hold that is in force.
    async fn hold(&self) -> Result<Option<Hold>, StoreError>;

    /// The executions that are held, oldest first.
    async fn held(&self) -> Result<Vec<Execution>, StoreError>;

    /// What was noticed so far that no execution stands for, in the order of its names.
    async fn strangers(&self) -> Result<Vec<Stranger>, StoreError>;

    /// Lets one that is held go on: from now on it has as long for its launch as it had when it was accepted. With the
    /// last one that is held the hold ends. It is audited.
    async fn release(&self, id: ExecutionId, audit: AuditEntry) -> Result<Execution, StoreError>;

    /// Ends one that is held as CREATION_FAILED, with the deliveries that this causes. With the last one that is held
    /// the hold ends. It is audited.
    async fn fail_held(
        &self,
        id: ExecutionId,
        reason: &str,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError>;

    /// Ends the hold, if nothing is held any more; without one it changes nothing. It is audited.
    async fn end_hold(&self, audit: AuditEntry) -> Result<(), StoreError>;

    /// Whether the store can be written to now.
    async fn check(&self) -> Result<(), StoreError>;
}

/// An event together with the number that orders it among the events of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEvent {
    pub number: u64,
    pub event: LogEvent,
}
