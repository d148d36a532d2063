//! Accepting: the execution, its first step, its idempotency key and its audit row in one commit.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::fault::failed;
use super::time::{micros, now};
use super::{SqliteStore, audit, delivery, idempotency, queue, row, step};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::State;
use crate::store::state::StateColumns;
use crate::store::{Accepted, AuditEntry, Idempotency, NewExecution, StoreError};

/// How many executions one moment can tell apart.
const IDS_PER_TICK: usize = 1 << 14;

/// Accepts an execution, or finds the one that its key stands for.
pub(super) async fn accept(
    store: &SqliteStore,
    new: NewExecution,
    key: Option<Idempotency>,
    entry: AuditEntry,
) -> Result<Accepted, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to accept an execution"))?;
    // Read inside the unit of work, so that the order of times is the order of commits.
    let at = now();
    if let Some(key) = &key
        && let Some(before) = idempotency::find(&mut unit, &new.user, key, at).await?
    {
        return Ok(Accepted::Before(before));
    }
    let execution = accept_in(store, &mut unit, &new, at, entry).await?;
    if let Some(key) = &key {
        idempotency::keep(&mut unit, key, &execution).await?;
    }
    unit.commit()
        .await
        .map_err(failed("keep an accepted execution"))?;
    Ok(Accepted::New(execution))
}

/// Accepts an execution as a part of a unit of work.
pub(super) async fn accept_in(
    store: &SqliteStore,
    connection: &mut SqliteConnection,
    new: &NewExecution,
    at: Timestamp,
    entry: AuditEntry,
) -> Result<Execution, StoreError> {
    let state = first_state(connection, new, store.max_concurrent).await?;
    let execution = insert(connection, new, &state, at, &store.sequence).await?;
    step::insert(connection, &execution, at).await?;
    delivery::insert(connection, &execution, &store.audience, at).await?;
    let target = execution.id.to_string();
    audit::insert(connection, &AuditEntry { target, ..entry }, at).await?;
    Ok(execution)
}

async fn first_state(
    connection: &mut SqliteConnection,
    new: &NewExecution,
    limit: Option<NonZeroU32>,
) -> Result<State, StoreError> {
    if let Some(reason) = new.refusal.clone() {
        return Ok(State::RequirementNotMet { reason });
    }
    if queue::has_slot_for(connection, new, limit).await? {
        Ok(State::Received)
    } else {
        Ok(State::Queued)
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &NewExecution,
    state: &State,
    at: Timestamp,
    sequence: &AtomicU64,
) -> Result<Execution, StoreError> {
    for _ in 0..IDS_PER_TICK {
        let id = ExecutionId::compose(at, sequence.fetch_add(1, Ordering::Relaxed));
        if let Some(execution) = insert_as(connection, id, new, state, at).await? {
            return Ok(execution);
        }
    }
    Err(StoreError::Unavailable {
        doing: "find a free id for an execution",
        source: format!("all {IDS_PER_TICK} ids of {at} are taken").into(),
    })
}

/// The stored execution; `None` if the id is taken.
async fn insert_as(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    new: &NewExecution,
    state: &State,
    at: Timestamp,
) -> Result<Option<Execution>, StoreError> {
    let columns = StateColumns::from(state);
    let plan = serde_json::to_string(&new.plan).map_err(|error| StoreError::Unavailable {
        doing: "put a plan in words",
        source: Box::new(error),
    })?;
    let start_before = at
        .saturating_add(new.start_within)
        .unwrap_or(Timestamp::MAX);
    // The log of what is refused from the start is its end event, which the row itself tells.
    let log_open = !state.status().is_terminal();
    sqlx::query(
        "INSERT INTO execution (id, name, proc_name, user, plan, runner, host, status, reason, created_at,
             updated_at, start_before, callback_url, owner, fence, slot, log_open)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12, ?13, 1, ?14, ?15)
         ON CONFLICT (id) DO NOTHING
         RETURNING *",
    )
    .bind(id.as_i64())
    .bind(new.name.as_str())
    .bind(new.proc_name.as_str())
    .bind(&new.user)
    .bind(plan)
    .bind(new.runner.as_str())
    .bind(&new.host)
    .bind(columns.status.as_str())
    .bind(columns.reason)
    .bind(micros(at))
    .bind(micros(start_before))
    .bind(&new.callback_url)
    .bind(&new.owner)
    .bind(matches!(state, State::Received))
    .bind(log_open)
    .fetch_optional(connection)
    .await
    .map_err(failed("write an execution"))?
    .map(|row| row::execution(&row))
    .transpose()
}
