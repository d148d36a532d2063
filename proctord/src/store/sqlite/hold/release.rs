//! How what is held goes on, by what a person says: it is released, or fails. The last one ends the hold.

use sqlx::SqliteConnection;

use super::super::fault::failed;
use super::super::time::{micros, now};
use super::super::{audit, delivery, row, step, transition};
use super::count;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::Event;
use crate::sqlite::Database;
use crate::store::{Audience, AuditEntry, StoreError};

/// Lets one that is held go on.
pub(in crate::store::sqlite) async fn release(
    records: &Database,
    id: ExecutionId,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to release an execution"))?;
    held(&mut unit, id).await?;
    let at = now();
    let row = sqlx::query(
        "UPDATE execution SET held = 0, start_before = ?2 + (start_before - created_at) WHERE id = ?1 RETURNING *",
    )
    .bind(id.as_i64())
    .bind(micros(at))
    .fetch_one(&mut *unit)
    .await
    .map_err(failed("release an execution"))?;
    let released = row::execution(&row)?;
    audit::insert(&mut unit, entry, at).await?;
    end_if_nothing_is_left(&mut unit).await?;
    unit.commit()
        .await
        .map_err(failed("keep a released execution"))?;
    Ok(released)
}

/// Ends one that is held.
pub(in crate::store::sqlite) async fn fail(
    records: &Database,
    audience: &Audience,
    id: ExecutionId,
    reason: &str,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to end what is held"))?;
    let before = held(&mut unit, id).await?;
    let at = now();
    let event = Event::FailCreation {
        reason: reason.to_owned(),
    };
    let state = before
        .state
        .clone()
        .transition(event, before.stop.as_ref())?;
    let execution =
        transition::update(&mut unit, &before, &state, transition::Given::default(), at).await?;
    step::insert(&mut unit, &execution, at).await?;
    delivery::insert(&mut unit, &execution, audience, at).await?;
    audit::insert(&mut unit, entry, at).await?;
    end_if_nothing_is_left(&mut unit).await?;
    unit.commit()
        .await
        .map_err(failed("keep what has ended held"))?;
    Ok(execution)
}

/// Ends the hold if nothing is held.
pub(in crate::store::sqlite) async fn end(
    records: &Database,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to end a hold"))?;
    match count(&mut unit).await? {
        0 => end_if_nothing_is_left(&mut unit).await?,
        left => return Err(StoreError::StillHeld(left)),
    }
    audit::insert(&mut unit, entry, now()).await?;
    unit.commit()
        .await
        .map_err(failed("keep the end of a hold"))
}

async fn held(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Execution, StoreError> {
    match row::find(connection, id).await? {
        None => Err(StoreError::NotFound(id)),
        Some(execution) if !execution.held => Err(StoreError::NotHeld(id)),
        Some(execution) => Ok(execution),
    }
}

async fn end_if_nothing_is_left(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE installation SET hold_since = NULL, hold_reason = NULL
          WHERE NOT EXISTS (SELECT 1 FROM execution WHERE held = 1)",
    )
    .execute(connection)
    .await
    .map_err(failed("end a hold"))?;
    Ok(())
}
