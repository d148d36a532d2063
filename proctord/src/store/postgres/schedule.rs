//! Schedules: what becomes of one by a person's change, by its moments, and what can be read of it. Whoever changes a
//! schedule holds its row first, then the rows of slots, and only then makes executions.

mod accept;
mod change;
mod clock;
mod fire;
mod firing;
mod import;
mod key;
mod read;
mod run;
mod user;

use std::num::NonZeroU32;

use async_trait::async_trait;
use jiff::SignedDuration;

use super::PostgresStore;
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Schedule, ScheduleId};
use crate::store::schedule::Wish;
use crate::store::{
    AuditEntry, DueSchedules, Fired, FiringsPage, Idempotency, ImportedSchedule, NewExecution,
    NewSchedule, Prepared, Schedules, SeenUser, StoreError,
};

pub(super) use clock::Clock;

#[async_trait]
impl Schedules for PostgresStore {
    async fn create_schedule(
        &self,
        new: NewSchedule,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        let work = change::create(&self.database, &self.clock, &new, key.as_ref(), &audit);
        self.bounded("create a schedule", work).await
    }

    async fn schedule_of_key(
        &self,
        user: &str,
        key: &Idempotency,
    ) -> Result<Option<Schedule>, StoreError> {
        let doing = "look up the key of a schedule";
        let work =
            async { key::find(&mut *self.connection(doing).await?, &self.clock, user, key).await };
        self.bounded(doing, work).await
    }

    async fn import_schedule(&self, imported: &ImportedSchedule) -> Result<bool, StoreError> {
        let work = import::import(&self.database, &self.clock, imported);
        self.bounded("import a schedule", work).await
    }

    async fn schedule_of_v2(&self, v2_id: u64) -> Result<Option<Schedule>, StoreError> {
        let doing = "read a schedule of version 2";
        let work = async { import::find(&mut *self.connection(doing).await?, v2_id).await };
        self.bounded(doing, work).await
    }

    async fn change_schedule(
        &self,
        id: ScheduleId,
        new: NewSchedule,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        let wish = Wish::Change(Box::new(new));
        let work = change::change(&self.database, &self.clock, id, wish, &audit);
        self.bounded("change a schedule", work).await
    }

    async fn pause_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        let work = change::change(&self.database, &self.clock, id, Wish::Pause, &audit);
        self.bounded("pause a schedule", work).await
    }

    async fn resume_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        let work = change::change(&self.database, &self.clock, id, Wish::Resume, &audit);
        self.bounded("resume a schedule", work).await
    }

    async fn remove_schedule(
        &self,
        id: ScheduleId,
        audit: AuditEntry,
    ) -> Result<Schedule, StoreError> {
        let work = change::change(&self.database, &self.clock, id, Wish::Remove, &audit);
        self.bounded("remove a schedule", work).await
    }

    async fn hold_schedules(
        &self,
        notices: &[(ScheduleId, String)],
        audit: AuditEntry,
    ) -> Result<(), StoreError> {
        let work = change::hold(&self.database, &self.clock, &self.audience, notices, &audit);
        self.bounded("hold schedules", work).await
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        let doing = "read a schedule";
        let work = async { read::find(&mut *self.connection(doing).await?, id).await };
        self.bounded(doing, work).await
    }

    async fn schedules(&self, proc_name: Option<&ProcName>) -> Result<Vec<Schedule>, StoreError> {
        let doing = "list schedules";
        let work = async { read::list(&mut *self.connection(doing).await?, proc_name).await };
        self.bounded(doing, work).await
    }

    async fn held_schedules(&self) -> Result<u64, StoreError> {
        let doing = "count schedules that are held";
        let work = async { read::held(&mut *self.connection(doing).await?).await };
        self.bounded(doing, work).await
    }

    async fn firings(
        &self,
        id: ScheduleId,
        before: Option<i64>,
        limit: NonZeroU32,
    ) -> Result<FiringsPage, StoreError> {
        let doing = "list firings";
        let work =
            async { firing::page(&mut *self.connection(doing).await?, id, before, limit).await };
        self.bounded(doing, work).await
    }

    async fn due_schedules(&self, limit: NonZeroU32) -> Result<DueSchedules, StoreError> {
        let doing = "look for schedules that are due";
        let work =
            async { read::due(&mut *self.connection(doing).await?, &self.clock, limit).await };
        self.bounded(doing, work).await
    }

    async fn fire(&self, prepared: &[Prepared]) -> Result<Fired, StoreError> {
        let work = fire::fire(self, prepared);
        self.bounded("fire schedules", work).await
    }

    async fn run_schedule(
        &self,
        id: ScheduleId,
        new: NewExecution,
        key: Option<Idempotency>,
        audit: AuditEntry,
    ) -> Result<Execution, StoreError> {
        let request = run::Request {
            id,
            new,
            key,
            entry: audit,
        };
        let work = run::run(self, &request);
        self.bounded("run a schedule", work).await
    }

    async fn forget_stretches(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError> {
        let doing = "forget stretches";
        let work = async {
            let mut connection = self.connection(doing).await?;
            firing::forget(&mut connection, &self.clock, older_than, limit).await
        };
        self.bounded(doing, work).await
    }

    async fn note_users(&self, users: &[(String, Vec<String>)]) -> Result<(), StoreError> {
        let doing = "note what users are";
        let work = async {
            let mut connection = self.connection(doing).await?;
            user::note(&mut connection, &self.clock, users).await
        };
        self.bounded(doing, work).await
    }

    async fn seen_user(&self, email: &str) -> Result<Option<SeenUser>, StoreError> {
        let doing = "look what a user was";
        let work = async { user::seen(&mut *self.connection(doing).await?, email).await };
        self.bounded(doing, work).await
    }
}
