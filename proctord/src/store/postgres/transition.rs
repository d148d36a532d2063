//! Transitions: the domain's rules, then one conditional update under the fence that writes the step with it. It
//! does nothing if the execution stands elsewhere by now; then the rules are asked again.

use jiff_sqlx::ToSqlx;
use proctor_api::Status;
use sqlx::PgConnection;

use super::database::Database;
use super::delivery;
use super::fault::failed;
use super::row::{self, Row};
use super::text::text_if_any;
use crate::domain::execution::Execution;
use crate::domain::lifecycle::State;
use crate::store::state::StateColumns;
use crate::store::{Audience, Change, StoreError};

/// How often an execution may have moved on between the look and the update; it has few states.
const ATTEMPTS: usize = 8;

/// Applies a change.
pub(super) async fn transition(
    database: &Database,
    audience: &Audience,
    change: Change,
) -> Result<Execution, StoreError> {
    for _ in 0..ATTEMPTS {
        let before = look(database, &change).await?;
        let state = before
            .state
            .clone()
            .transition(change.event.clone(), before.stop.as_ref())?;
        if let Some(execution) = apply(database, audience, &before, &state, &change).await? {
            return Ok(execution);
        }
    }
    Err(StoreError::Unavailable {
        doing: "change an execution",
        source: "it was changed by others each time".into(),
    })
}

async fn look(database: &Database, change: &Change) -> Result<Execution, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to change an execution"))?;
    let before = row::find(&mut connection, change.id)
        .await?
        .ok_or(StoreError::NotFound(change.id))?;
    if before.fence != change.fence {
        return Err(StoreError::FenceLost(change.id));
    }
    if before.held && change.event.leads_to_start() {
        return Err(StoreError::Held(change.id));
    }
    Ok(before)
}

/// The changed execution; `None` if it does not stand any more where the rules were asked.
async fn apply(
    database: &Database,
    audience: &Audience,
    before: &Execution,
    state: &State,
    change: &Change,
) -> Result<Option<Execution>, StoreError> {
    if !audience.cares(before, state.status()) {
        let mut connection = database
            .connection()
            .await
            .map_err(failed("reach the database to change an execution"))?;
        return update(&mut connection, before, state, change).await;
    }
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to change an execution"))?;
    let Some(execution) = update(&mut unit, before, state, change).await? else {
        return Ok(None);
    };
    delivery::insert(&mut unit, &execution, audience).await?;
    unit.commit()
        .await
        .map_err(failed("keep a changed execution"))?;
    Ok(Some(execution))
}

/// Writes a new state and its step, if the execution still stands where it stood.
pub(super) async fn update(
    connection: &mut PgConnection,
    before: &Execution,
    state: &State,
    change: &Change,
) -> Result<Option<Execution>, StoreError> {
    let columns = StateColumns::from(state);
    let holds_slot = matches!(state.status(), Status::Created | Status::Running);
    let stop_at = before.stop.as_ref().map(|stop| stop.at.to_sqlx());
    let reason = text_if_any(columns.reason.as_deref());
    let handle = text_if_any(change.handle.as_deref());
    sqlx::query_file_as!(
        Row,
        "src/store/postgres/transition.sql",
        before.id.as_i64(),
        before.fence.0,
        before.status().as_str(),
        stop_at,
        columns.status.as_str(),
        reason.as_deref(),
        columns.exit_code,
        columns.exit_signal,
        columns.started_at.map(ToSqlx::to_sqlx),
        columns.finished_at.map(ToSqlx::to_sqlx),
        handle.as_deref(),
        holds_slot,
        change.sealed_secrets.as_deref(),
        change.event.leads_to_start(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("change an execution"))?
    .map(Execution::try_from)
    .transpose()
}
