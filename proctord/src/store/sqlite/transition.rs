//! Transitions: the domain's rules under the fence, with the step, the freed slot and the deliveries in the
//! same commit.

use jiff::Timestamp;
use proctor_api::Status;
use sqlx::SqliteConnection;

use super::fault::failed;
use super::time::{micros, now};
use super::{delivery, row, step};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::State;
use crate::sqlite::Database;
use crate::store::state::StateColumns;
use crate::store::{Audience, Change, StoreError};

/// Applies a change.
pub(super) async fn transition(
    records: &Database,
    audience: &Audience,
    change: Change,
) -> Result<Execution, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to change an execution"))?;
    let before = row::find(&mut *unit, change.id)
        .await?
        .ok_or(StoreError::NotFound(change.id))?;
    if before.fence != change.fence {
        return Err(StoreError::FenceLost(change.id));
    }
    let is_start = change.event.leads_to_start();
    if before.held && is_start {
        return Err(StoreError::Held(change.id));
    }
    let Change {
        event,
        handle,
        sealed_secrets,
        ..
    } = change;
    let state = before
        .state
        .clone()
        .transition(event, before.stop.as_ref())?;
    let given = Given {
        handle,
        sealed_secrets,
    };
    let execution = apply(&mut unit, audience, &before, &state, given).await?;
    unit.commit()
        .await
        .map_err(failed("keep a changed execution"))?;
    Ok(execution)
}

/// Writes a new state with all that it causes.
pub(super) async fn apply(
    unit: &mut SqliteConnection,
    audience: &Audience,
    before: &Execution,
    state: &State,
    given: Given,
) -> Result<Execution, StoreError> {
    let at = now();
    let execution = update(unit, before, state, given, at).await?;
    step::insert(unit, &execution, at).await?;
    delivery::insert(unit, &execution, audience, at).await?;
    Ok(execution)
}

/// What a change makes known beside the state.
#[derive(Default)]
pub(super) struct Given {
    handle: Option<String>,
    sealed_secrets: Option<Vec<u8>>,
}

pub(super) async fn update(
    connection: &mut SqliteConnection,
    before: &Execution,
    state: &State,
    given: Given,
    at: Timestamp,
) -> Result<Execution, StoreError> {
    let columns = StateColumns::from(state);
    let holds_slot = matches!(state.status(), Status::Created | Status::Running);
    sqlx::query(
        "UPDATE execution
            SET status = ?4, reason = ?5, exit_code = ?6, exit_signal = ?7, started_at = ?8, finished_at = ?9,
                handle = coalesce(?10, handle), slot = ?11, updated_at = ?12,
                sealed_secrets = coalesce(?13, sealed_secrets), waiting = NULL, held = 0
          WHERE id = ?1 AND fence = ?2 AND status = ?3
         RETURNING *",
    )
    .bind(before.id.as_i64())
    .bind(before.fence.0)
    .bind(before.status().as_str())
    .bind(columns.status.as_str())
    .bind(columns.reason)
    .bind(columns.exit_code)
    .bind(columns.exit_signal)
    .bind(columns.started_at.map(micros))
    .bind(columns.finished_at.map(micros))
    .bind(given.handle)
    .bind(holds_slot)
    .bind(micros(at))
    .bind(given.sealed_secrets)
    .fetch_optional(connection)
    .await
    .map_err(failed("change an execution"))?
    .ok_or(StoreError::FenceLost(before.id))
    .and_then(|row| row::execution(&row))
}
