//! Giving an execution up: it ends on somebody's word, with all that an end causes.

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::{audit, delivery, stop, transition};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::StopIntent;
use crate::store::{Audience, AuditEntry, Change, StoreError};

/// Gives an execution up. Its row is locked, so that nothing happens to it between the look and the change.
pub(super) async fn give_up(
    database: &Database,
    audience: &Audience,
    id: ExecutionId,
    intent: StopIntent,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to give an execution up"))?;
    let mut execution = stop::lock(&mut unit, id).await?;
    if !execution.is_over() {
        execution = end(&mut unit, execution, &intent).await?;
        delivery::insert(&mut unit, &execution, audience).await?;
    }
    audit::insert(&mut unit, entry).await?;
    unit.commit()
        .await
        .map_err(failed("keep that an execution is given up"))?;
    Ok(execution)
}

/// Ends an execution whose row is locked.
async fn end(
    unit: &mut PgConnection,
    mut execution: Execution,
    intent: &StopIntent,
) -> Result<Execution, StoreError> {
    let event = execution.giving_up(intent);
    let before = execution.state.clone();
    let state = before.transition(event.clone(), execution.stop.as_ref())?;
    if execution.stop.is_none() {
        execution = stop::update(unit, execution.id, intent).await?;
    }
    let change = Change {
        id: execution.id,
        fence: execution.fence,
        event,
        handle: None,
        sealed_secrets: None,
    };
    let ended = transition::update(unit, &execution, &state, &change).await?;
    ended.ok_or(StoreError::FenceLost(execution.id))
}
