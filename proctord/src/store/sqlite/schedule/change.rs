//! What people do to schedules: the row, the moments that are covered by it, and the audit row, in one commit.

use std::sync::atomic::Ordering;

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{firing, key, read};
use crate::domain::schedule::{Definition, Held, Schedule, ScheduleId};
use crate::store::schedule::{Wish, apply, fresh};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::time::{micros, now};
use crate::store::sqlite::{SqliteStore, audit, delivery};
use crate::store::{AuditEntry, Idempotency, NewSchedule, StoreError};

const UNIQUE_VIOLATION: &str = "2067";
/// How many ids of a moment are tried before it is given up.
const ATTEMPTS: usize = 1 << 14;

pub(super) async fn create(
    store: &SqliteStore,
    new: &NewSchedule,
    key: Option<&Idempotency>,
    entry: AuditEntry,
) -> Result<Schedule, StoreError> {
    let mut unit = begin(store).await?;
    let at = store.clock.now();
    if let Some(key) = key
        && let Some(before) = key::find(&mut *unit, &new.owner, key, at).await?
    {
        return Ok(before);
    }
    let id = free_id(store, &mut unit).await?;
    let schedule = fresh(id, new, at)?;
    insert(&mut unit, &schedule).await?;
    if let Some(key) = key {
        key::claim(&mut unit, &new.owner, key, id, at).await?;
    }
    let target = id.to_string();
    audit::insert(&mut unit, &AuditEntry { target, ..entry }, now()).await?;
    commit(unit).await?;
    Ok(schedule)
}

pub(super) async fn change(
    store: &SqliteStore,
    id: ScheduleId,
    wish: Wish,
    entry: &AuditEntry,
) -> Result<Schedule, StoreError> {
    let mut unit = begin(store).await?;
    let before = read::find_alive(&mut unit, id).await?;
    let before = before.ok_or(StoreError::NoSchedule(id))?;
    let after = change_one(store, &mut unit, before, wish).await?;
    audit::insert(&mut unit, entry, now()).await?;
    commit(unit).await?;
    Ok(after)
}

/// Holds each of them.
pub(super) async fn hold(
    store: &SqliteStore,
    notices: &[(ScheduleId, String)],
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut unit = begin(store).await?;
    for (id, notice) in notices {
        let Some(before) = read::find_alive(&mut unit, *id).await? else {
            continue;
        };
        let wish = Wish::Hold(notice.clone());
        let after = change_one(store, &mut unit, before.clone(), wish).await?;
        let at = after.updated_at;
        let told = store
            .audience
            .caused_by_schedule(&before, after.held.as_ref(), at)?;
        delivery::insert_all(&mut unit, &told, at).await?;
        let target = id.to_string();
        let entry = AuditEntry {
            target,
            ..entry.clone()
        };
        audit::insert(&mut unit, &entry, now()).await?;
    }
    commit(unit).await
}

pub(super) async fn begin(store: &SqliteStore) -> Result<Transaction<'static, Sqlite>, StoreError> {
    let begun = store.records.begin().await;
    begun.map_err(failed("begin to change a schedule"))
}

pub(super) async fn commit(unit: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
    let committed = unit.commit().await;
    committed.map_err(failed("keep a changed schedule"))
}

pub(super) async fn free_id(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
) -> Result<ScheduleId, StoreError> {
    let at = now();
    for _ in 0..ATTEMPTS {
        let id = ScheduleId::compose(at, store.sequence.fetch_add(1, Ordering::Relaxed));
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM schedule WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM execution WHERE id = ?1)",
        )
        .bind(id.as_i64())
        .fetch_one(&mut *connection)
        .await
        .map_err(failed("find an id for a schedule"))?;
        if !taken {
            return Ok(id);
        }
    }
    Err(StoreError::Unavailable {
        doing: "find an id for a schedule",
        source: format!("all ids of {at} are taken").into(),
    })
}

async fn change_one(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    before: Schedule,
    wish: Wish,
) -> Result<Schedule, StoreError> {
    let now = store.clock.now();
    let Some(changed) = apply(&before, wish, now)? else {
        return Ok(before);
    };
    if let Some(stretch) = &changed.stretch {
        firing::add_stretch(connection, before.id, stretch, now).await?;
    }
    update(connection, &changed.schedule).await?;
    Ok(changed.schedule)
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    schedule: &Schedule,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO schedule (id, proc_name, args_digest, definition, owner, version, paused, covered_until,
             next_at, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    )
    .bind(schedule.id.as_i64())
    .bind(schedule.definition.proc_name.as_str())
    .bind(schedule.definition.args_digest())
    .bind(in_words(&schedule.definition)?)
    .bind(&schedule.owner)
    .bind(schedule.version)
    .bind(schedule.paused)
    .bind(micros(schedule.covered_until))
    .bind(schedule.next_at.map(micros))
    .bind(micros(schedule.created_at))
    .execute(connection)
    .await
    .map_err(alike_or(failed("write a schedule")))?;
    Ok(())
}

pub(super) async fn update(
    connection: &mut SqliteConnection,
    schedule: &Schedule,
) -> Result<(), StoreError> {
    let held = schedule.held.as_ref();
    sqlx::query(
        "UPDATE schedule
            SET proc_name = ?2, args_digest = ?3, definition = ?4, owner = ?5, version = ?6, paused = ?7,
                held_by = ?8, held_reason = ?9, covered_until = ?10, next_at = ?11, updated_at = ?12,
                removed_at = ?13
          WHERE id = ?1",
    )
    .bind(schedule.id.as_i64())
    .bind(schedule.definition.proc_name.as_str())
    .bind(schedule.definition.args_digest())
    .bind(in_words(&schedule.definition)?)
    .bind(&schedule.owner)
    .bind(schedule.version)
    .bind(schedule.paused)
    .bind(held.map(Held::kind))
    .bind(held.map(Held::notice))
    .bind(micros(schedule.covered_until))
    .bind(schedule.next_at.map(micros))
    .bind(micros(schedule.updated_at))
    .bind(schedule.removed_at.map(micros))
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

/// The only thing about a schedule that may not be twice is what it runs: its id was looked for.
fn alike_or(other: impl Fn(sqlx::Error) -> StoreError) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match error.as_database_error().and_then(|error| error.code()) {
        Some(code) if code == UNIQUE_VIOLATION => StoreError::ScheduleAlike,
        _ => other(error),
    }
}
