//! How executions of schedules are accepted: with slots, steps and audit rows as any other. Somebody who runs one by
//! hand makes a row that has no moment.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{firing, read};
use crate::domain::execution::Execution;
use crate::domain::schedule::ScheduleId;
use crate::store::sqlite::accept::accept_in;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::time::now;
use crate::store::sqlite::{SqliteStore, idempotency};
use crate::store::{AuditEntry, AuditResult, Idempotency, NewExecution, StoreError};

pub(super) async fn run(
    store: &SqliteStore,
    id: ScheduleId,
    new: NewExecution,
    key: Option<&Idempotency>,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to run a schedule"))?;
    if let Some(key) = key
        && let Some(before) = idempotency::find(&mut unit, &new.user, key, now()).await?
    {
        return Ok(before);
    }
    let found = read::find_alive(&mut unit, id).await?;
    found.ok_or(StoreError::NoSchedule(id))?;
    let execution = accept(store, &mut unit, id, None, &new, entry).await?;
    if let Some(key) = key {
        idempotency::keep(&mut unit, key, &execution).await?;
    }
    unit.commit()
        .await
        .map_err(failed("keep what was run by hand"))?;
    Ok(execution)
}

/// Accepts an execution of a schedule, for a moment if it has one.
pub(super) async fn accept(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    id: ScheduleId,
    moment: Option<Timestamp>,
    new: &NewExecution,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let result = match new.refusal {
        Some(_) => AuditResult::Refused,
        None => AuditResult::Done,
    };
    let entry = AuditEntry {
        result,
        ..entry.clone()
    };
    let execution = accept_in(store, connection, new, now(), entry).await?;
    sqlx::query("UPDATE execution SET schedule_id = ?2 WHERE id = ?1")
        .bind(execution.id.as_i64())
        .bind(id.as_i64())
        .execute(&mut *connection)
        .await
        .map_err(failed("say whose execution it is"))?;
    let at = store.clock.now();
    firing::insert_fired(connection, id, moment, execution.id, at).await?;
    Ok(execution)
}
