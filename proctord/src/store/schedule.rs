//! Schedules as every store keeps them, and what every store decides about them in the same way: what a person's change
//! makes of one, and what becomes of those that are claimed. It reads nothing: each database hands in what it has.

mod change;
mod claim;

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctor_api::Firing;

use super::{AuditEntry, AuditResult, Idempotency, NewExecution, StoreError};
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Definition, Held, RUN_AS, Schedule, ScheduleId};

pub(super) use change::{Wish, apply, fresh, imported};
pub(super) use claim::{Claim, claims};

/// A schedule that somebody wants.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    pub definition: Definition,
    pub owner: String,
    pub paused: bool,
}

/// A schedule of version 2. What it had to do before it is imported, is version 2's.
#[derive(Debug, Clone)]
pub struct ImportedSchedule {
    pub v2_id: u64,
    pub new: NewSchedule,
    /// If that is known.
    pub created_at: Option<Timestamp>,
}

/// What is due, as it stands without anybody having claimed it.
#[derive(Debug, Clone)]
pub struct DueSchedules {
    /// By the clock that schedules go by.
    pub now: Timestamp,
    /// Whether a hold is in force: nothing fires until it is over.
    pub is_held: bool,
    /// The longest due first.
    pub schedules: Vec<Schedule>,
    /// When the first of those that are not due will be.
    pub next_at: Option<Timestamp>,
}

/// A schedule that may be claimed, and what its executions are to be. It was worked out before, since it takes asking
/// others, and counts only if nobody has changed the schedule since, and nothing of it was covered: what was prepared
/// for one moment may be wrong by the next.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub id: ScheduleId,
    pub version: i64,
    pub covered_until: Timestamp,
    pub moments: proctor_cron::Schedule,
    pub aim: Aim,
}

/// What is to become of a schedule's moments.
#[derive(Debug, Clone)]
pub enum Aim {
    /// They have executions like this one, each under a name of its own.
    Run(Box<NewExecution>),
    /// They do not fire, and people are told why.
    Hold(Held),
    /// They do not fire, because a hold is in force or the schedule is held already.
    Pass,
}

/// What a try to fire came to.
#[derive(Debug, Clone, Default)]
pub struct Fired {
    pub firings: Vec<Fire>,
    /// Executions that are to be stopped, because others replace them.
    pub replaced: Vec<Execution>,
    /// How many moments were missed and do not fire.
    pub missed: u64,
    /// How many schedules were decided over; others were claimed elsewhere, or were changed meanwhile.
    pub schedules: usize,
}

/// A moment that fired.
#[derive(Debug, Clone)]
pub struct Fire {
    pub schedule: ScheduleId,
    pub moment: Timestamp,
    /// After the moment and its jitter.
    pub lateness: Duration,
    pub execution: Execution,
}

/// One page of what became of moments, newest first.
#[derive(Debug, Clone)]
pub struct FiringsPage {
    pub firings: Vec<Firing>,
    /// The number before which the next page begins.
    pub next: Option<i64>,
}

/// A page of the rows that were found when one more than its limit was asked for.
pub(super) fn page_of(mut rows: Vec<(i64, Firing)>, limit: NonZeroU32) -> FiringsPage {
    let limit = limit.get() as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    FiringsPage {
        next: rows.last().filter(|_| more).map(|(id, _)| *id),
        firings: rows.into_iter().map(|(_, firing)| firing).collect(),
    }
}

/// What the audit trail says of an execution that a schedule has.
pub(super) fn firing_entry() -> AuditEntry {
    AuditEntry {
        who: RUN_AS.to_owned(),
        action: "schedule.fire",
        target: String::new(),
        source: "scheduler".to_owned(),
        result: AuditResult::Done,
        request_id: String::new(),
    }
}

/// What somebody was known to be when they last asked for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenUser {
    pub email: String,
    pub groups: Vec<String>,
    pub seen_at: Timestamp,
}

/// The schedules of a store.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Stores a schedule, which has its first moment after now, or finds the one that its owner's key stood for in the
    /// last 24 hours. Another one of the same proc with the same args that has moments to come is an error, unless one
    /// of the two is paused. The audit row is part of it; a repeated request changes nothing and has none.
    async fn create_schedule(
        &self,
        new: NewSchedule,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError>;

    /// The schedule that a user's key has stood for in the last 24 hours, as it is now, also if it was removed.
    async fn schedule_of_key(
        &self,
        user: &str,
        key: &Idempotency,
    ) -> Result<Option<Schedule>, StoreError>;

    /// Stores a schedule of version 2, which has its first moment after now, and tells whether it did: one that is there
    /// already, by its id in version 2, stays as it is, also if it was removed. Otherwise as `create_schedule`, but for
    /// the audit row. For one caller at a time.
    async fn import_schedule(&self, imported: &ImportedSchedule) -> Result<bool, StoreError>;

    /// The schedule that had this id in version 2, also if it was removed.
    async fn schedule_of_v2(&self, v2_id: u64) -> Result<Option<Schedule>, StoreError>;

    /// Makes another one of it from now on. Moments of before that have not fired are covered, and it is held no more.
    async fn change_schedule(
        &self,
        id: ScheduleId,
        new: NewSchedule,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError>;

    /// Nothing fires from now on; one that is paused stays as it is.
    async fn pause_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError>;

    /// It fires again from now on, and is held no more; the moments since it was paused are covered. One that goes on
    /// anyway stays as it is.
    async fn resume_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError>;

    /// It never fires again. Its firings can still be read.
    async fn remove_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError>;

    /// Holds these, with a notice each, until somebody changes or resumes them. Those that were removed meanwhile are
    /// passed over. Each is audited.
    async fn hold_schedules(
        &self,
        notices: &[(ScheduleId, String)],
        audit: AuditEntry,
    ) -> Result<(), StoreError>;

    /// One schedule, also if it was removed.
    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError>;

    /// All that were not removed, oldest first; those of one proc if it is named.
    async fn schedules(&self, proc_name: Option<&ProcName>) -> Result<Vec<Schedule>, StoreError>;

    /// How many are held.
    async fn held_schedules(&self) -> Result<u64, StoreError>;

    /// What became of a schedule's moments, newest first, before a number if one is given.
    async fn firings(
        &self,
        id: ScheduleId,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<FiringsPage, StoreError>;

    /// Looks what is due, at most so many.
    async fn due_schedules(&self, limit: NonZeroU32) -> Result<DueSchedules, StoreError>;

    /// Claims those of these that are due and nobody else is claiming, and covers every due moment of each: those that
    /// fire have accepted executions, with slots, queues and audit rows as any other, all in one unit of work. Done
    /// again it changes nothing.
    async fn fire(&self, prepared: &[Prepared]) -> Result<Fired, StoreError>;

    /// Accepts an execution of a schedule that somebody runs by hand, or finds the one that their key stood for in the
    /// last 24 hours; such keys are those of `Store::accept`.
    async fn run_schedule(
        &self,
        id: ScheduleId,
        new: NewExecution,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError>;

    /// Forgets some stretches in which nothing fired and that were not made longer for so long, at most so many, and
    /// tells how many. What has fired stays as long as its execution.
    async fn forget_stretches(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError>;

    /// Keeps what users are known to be now.
    async fn note_users(&self, users: &[(String, Vec<String>)]) -> Result<(), StoreError>;

    /// What somebody was known to be last.
    async fn seen_user(&self, email: &str) -> Result<Option<SeenUser>, StoreError>;
}
