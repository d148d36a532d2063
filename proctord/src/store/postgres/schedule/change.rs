//! What people do to schedules: the row, the moments that are covered by it, and the audit row, in one commit.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::clock::Clock;
use super::read::{self, Row};
use super::{firing, key};
use crate::domain::schedule::{Definition, Held, Schedule, ScheduleId};
use crate::store::postgres::database::{Database, Unit};
use crate::store::postgres::fault::failed;
use crate::store::postgres::text::text;
use crate::store::postgres::{audit, delivery};
use crate::store::schedule::{Wish, apply, fresh};
use crate::store::{Audience, AuditEntry, Idempotency, NewSchedule, StoreError};

const UNIQUE_VIOLATION: &str = "23505";
/// How often the key of a request may be taken, and free again when it is looked at.
const ATTEMPTS: usize = 8;

/// Stores a schedule, or finds the one that its owner's key stands for.
pub(super) async fn create(
    database: &Database,
    clock: &Clock,
    new: &NewSchedule,
    key: Option<&Idempotency>,
    entry: &AuditEntry,
) -> Result<Schedule, StoreError> {
    let Some(key) = key else {
        let stored = store(database, clock, new, None, entry).await?;
        return stored.ok_or_else(taken_each_time);
    };
    let find = async || {
        let connecting = database.connection().await;
        let mut connection = connecting.map_err(failed("reach the database for a schedule"))?;
        key::find(&mut connection, clock, &new.owner, key).await
    };
    for _ in 0..ATTEMPTS {
        if let Some(before) = find().await? {
            return Ok(before);
        }
        match store(database, clock, new, Some(key), entry).await {
            Ok(Some(schedule)) => return Ok(schedule),
            Ok(None) => {}
            // What is alike may be of this very request, sent before.
            Err(StoreError::ScheduleAlike) => {
                return find().await?.ok_or(StoreError::ScheduleAlike);
            }
            Err(error) => return Err(error),
        }
    }
    Err(taken_each_time())
}

fn taken_each_time() -> StoreError {
    StoreError::Unavailable {
        doing: "create a schedule",
        source: "its idempotency key was taken and given back each time".into(),
    }
}

/// The stored schedule; `None` if the key stands for another one.
async fn store(
    database: &Database,
    clock: &Clock,
    new: &NewSchedule,
    key: Option<&Idempotency>,
    entry: &AuditEntry,
) -> Result<Option<Schedule>, StoreError> {
    let mut unit = begin(database).await?;
    let now = clock.now(&mut unit).await?;
    let schedule = fresh(free_id(&mut unit).await?, new, now)?;
    if !insert(&mut unit, &schedule, key).await? {
        return Ok(None);
    }
    let target = schedule.id.to_string();
    let entry = AuditEntry {
        target,
        ..entry.clone()
    };
    audit::insert(&mut unit, &entry).await?;
    commit(unit).await?;
    Ok(Some(schedule))
}

/// An id that nothing has.
pub(super) async fn free_id(connection: &mut PgConnection) -> Result<ScheduleId, StoreError> {
    let id = sqlx::query_scalar!(r#"SELECT proctor.new_execution_id(clock_timestamp()) AS "id!""#)
        .fetch_one(connection)
        .await
        .map_err(failed("find an id for a schedule"))?;
    read::id(id)
}

pub(super) async fn change(
    database: &Database,
    clock: &Clock,
    id: ScheduleId,
    wish: Wish,
    entry: &AuditEntry,
) -> Result<Schedule, StoreError> {
    let mut unit = begin(database).await?;
    let before = lock(&mut unit, id).await?;
    let before = before.ok_or(StoreError::NoSchedule(id))?;
    let after = change_locked(&mut unit, clock, before, wish).await?;
    audit::insert(&mut unit, entry).await?;
    commit(unit).await?;
    Ok(after)
}

/// Holds each; they are locked in the order of their ids.
pub(super) async fn hold(
    database: &Database,
    clock: &Clock,
    audience: &Audience,
    notices: &[(ScheduleId, String)],
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut unit = begin(database).await?;
    let mut notices: Vec<_> = notices.iter().collect();
    notices.sort();
    for (id, notice) in notices {
        let Some(before) = lock(&mut unit, *id).await? else {
            continue;
        };
        let wish = Wish::Hold(notice.clone());
        let after = change_locked(&mut unit, clock, before.clone(), wish).await?;
        let at = after.updated_at;
        let told = audience.caused_by_schedule(&before, after.held.as_ref(), at)?;
        delivery::insert_all(&mut unit, &told, at).await?;
        let target = id.to_string();
        let entry = AuditEntry {
            target,
            ..entry.clone()
        };
        audit::insert(&mut unit, &entry).await?;
    }
    commit(unit).await
}

pub(super) async fn begin(database: &Database) -> Result<Unit, StoreError> {
    let begun = database.begin().await;
    begun.map_err(failed("begin to change a schedule"))
}

pub(super) async fn commit(unit: Unit) -> Result<(), StoreError> {
    let committed = unit.commit().await;
    committed.map_err(failed("keep a changed schedule"))
}

async fn change_locked(
    connection: &mut PgConnection,
    clock: &Clock,
    before: Schedule,
    wish: Wish,
) -> Result<Schedule, StoreError> {
    // Read after the lock, so that the order of times is the order of commits.
    let now = clock.now(connection).await?;
    let Some(changed) = apply(&before, wish, now)? else {
        return Ok(before);
    };
    if let Some(stretch) = &changed.stretch {
        firing::add_stretch(connection, before.id, stretch, now).await?;
    }
    update(connection, &changed.schedule).await?;
    Ok(changed.schedule)
}

/// Reads a schedule that was not removed, which nobody else changes or fires until the unit of work is over.
pub(super) async fn lock(
    connection: &mut PgConnection,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule WHERE id = $1 AND removed_at IS NULL FOR UPDATE",
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("lock a schedule"))?
    .map(Schedule::try_from)
    .transpose()
}

/// Whether it was written, which it is unless the key stands for another one.
pub(super) async fn insert(
    connection: &mut PgConnection,
    schedule: &Schedule,
    key: Option<&Idempotency>,
) -> Result<bool, StoreError> {
    let owner = text(&schedule.owner);
    let done = sqlx::query!(
        "INSERT INTO proctor.schedule
             (id, proc_name, args_digest, definition, owner, version, paused, covered_until, next_at, created_at,
              updated_at, key_user, key, key_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)
         ON CONFLICT (key_user, key) WHERE key IS NOT NULL DO NOTHING",
        schedule.id.as_i64(),
        schedule.definition.proc_name.as_str(),
        schedule.definition.args_digest(),
        in_words(&schedule.definition)?,
        &*owner,
        schedule.version,
        schedule.paused,
        schedule.covered_until.to_sqlx(),
        schedule.next_at.map(|at| at.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
        schedule.created_at.to_sqlx(),
        key.map(|_| &*owner),
        key.map(|key| &*key.key),
        key.map(|key| &*key.request_digest),
    )
    .execute(connection)
    .await
    .map_err(alike_or(failed("write a schedule")))?;
    Ok(done.rows_affected() > 0)
}

async fn update(connection: &mut PgConnection, schedule: &Schedule) -> Result<(), StoreError> {
    let held = schedule.held.as_ref();
    sqlx::query!(
        "UPDATE proctor.schedule
            SET proc_name = $2, args_digest = $3, definition = $4, owner = $5, version = $6, paused = $7,
                held_by = $8, held_reason = $9, covered_until = $10, next_at = $11, updated_at = $12,
                removed_at = $13
          WHERE id = $1",
        schedule.id.as_i64(),
        schedule.definition.proc_name.as_str(),
        schedule.definition.args_digest(),
        in_words(&schedule.definition)?,
        &*text(&schedule.owner),
        schedule.version,
        schedule.paused,
        held.map(Held::kind),
        held.map(Held::notice),
        schedule.covered_until.to_sqlx(),
        schedule.next_at.map(|at| at.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
        schedule.updated_at.to_sqlx(),
        schedule.removed_at.map(|at| at.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
    )
    .execute(connection)
    .await
    .map_err(alike_or(failed("change a schedule")))?;
    Ok(())
}

fn in_words(definition: &Definition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::Unavailable {
        doing: "put a schedule in words",
        source: Box::new(error),
    })
}

/// The only thing about a schedule that may not be twice is what it runs: ids are never given twice, and a key that is
/// taken is no error.
fn alike_or(other: impl Fn(sqlx::Error) -> StoreError) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match error.as_database_error().and_then(|error| error.code()) {
        Some(code) if code == UNIQUE_VIOLATION => StoreError::ScheduleAlike,
        _ => other(error),
    }
}
