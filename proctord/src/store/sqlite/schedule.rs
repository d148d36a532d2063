//! Schedules: what becomes of one by a person's change, by its moments, and what can be read of it. The one writer of
//! the file is the lock under which they are claimed.

mod change;
mod fire;
mod firing;
mod import;
mod key;
mod read;
mod run;
mod user;

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::SqliteStore;
use super::time::{micros, now};
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Schedule, ScheduleId};
use crate::store::schedule::Wish;
use crate::store::time::truncated;
use crate::store::{
    AuditEntry, DueSchedules, Fired, FiringsPage, Idempotency, ImportedSchedule, NewExecution,
    NewSchedule, Prepared, Schedules, SeenUser, StoreError,
};

#[cfg(test)]
pub(super) use firing::FORGET as FORGET_STRETCHES;
#[cfg(test)]
pub(super) use import::OF_V2;
#[cfg(test)]
pub(super) use key::{FIND as OF_KEY, GIVE_BACK as GIVE_KEY_BACK};
#[cfg(test)]
pub(super) use read::{DUE, FIRINGS, HELD, LIVE, NEXT, OF_PROC};

/// Where the time of schedules comes from: this machine, unless a test tells another.
#[derive(Clone, Default)]
pub(super) struct Clock(pub(super) Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>);

impl Clock {
    fn now(&self) -> Timestamp {
        self.0.as_ref().map_or_else(now, |told| truncated(told()))
    }
}

#[async_trait]
impl Schedules for SqliteStore {
    async fn create_schedule(
        &self,
        new: NewSchedule,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        change::create(self, &new, key.as_ref(), audit).await
    }

    async fn schedule_of_key(
        &self,
        user: &str,
        key: &Idempotency,
    ) -> Result<Option<Schedule>, StoreError> {
        key::find(self.records.readers(), user, key, self.clock.now()).await
    }

    async fn import_schedule(&self, imported: &ImportedSchedule) -> Result<bool, StoreError> {
        import::import(self, imported).await
    }

    async fn schedule_of_v2(&self, v2_id: u64) -> Result<Option<Schedule>, StoreError> {
        import::find(self.records.readers(), v2_id).await
    }

    async fn change_schedule(
        &self,
        id: ScheduleId,
        new: NewSchedule,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        change::change(self, id, Wish::Change(Box::new(new)), &audit).await
    }

    async fn pause_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        change::change(self, id, Wish::Pause, &audit).await
    }

    async fn resume_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        change::change(self, id, Wish::Resume, &audit).await
    }

    async fn remove_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        change::change(self, id, Wish::Remove, &audit).await
    }

    async fn hold_schedules(
        &self,
        notices: &[(ScheduleId, String)],
        audit: AuditEntry,
    ) -> Result<(), StoreError> {
        change::hold(self, notices, &audit).await
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        read::find(self.records.readers(), id).await
    }

    async fn schedules(&self, proc_name: Option<&ProcName>) -> Result<Vec<Schedule>, StoreError> {
        read::list(self.records.readers(), proc_name).await
    }

    async fn held_schedules(&self) -> Result<u64, StoreError> {
        read::held(self.records.readers()).await
    }

    async fn firings(
        &self,
        id: ScheduleId,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<FiringsPage, StoreError> {
        firing::page(self.records.readers(), id, before, limit).await
    }

    async fn due_schedules(&self, limit: NonZeroU32) -> Result<DueSchedules, StoreError> {
        read::due(self.records.readers(), self.clock.now(), limit).await
    }

    async fn fire(&self, prepared: &[Prepared]) -> Result<Fired, StoreError> {
        fire::fire(self, prepared).await
    }

    async fn run_schedule(
        &self,
        id: ScheduleId,
        new: NewExecution,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        run::run(self, id, new, key.as_ref(), &audit).await
    }

    async fn forget_stretches(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError> {
        let before = self.clock.now().saturating_sub(older_than);
        firing::forget(&self.records, before.map_or(i64::MIN, micros), limit).await
    }

    async fn note_users(&self, users: &[(String, Vec<String>)]) -> Result<(), StoreError> {
        user::note(self, users).await
    }

    async fn seen_user(&self, email: &str) -> Result<Option<SeenUser>, StoreError> {
        user::seen(self.records.readers(), email).await
    }
}
