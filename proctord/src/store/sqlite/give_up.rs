//! Giving an execution up: it ends on somebody's word, with all that an end causes.

use super::fault::failed;
use super::time::now;
use super::transition::{self, Given};
use super::{audit, row, stop};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::StopIntent;
use crate::sqlite::Database;
use crate::store::{Audience, AuditEntry, StoreError};

/// Gives an execution up.
pub(super) async fn give_up(
    records: &Database,
    audience: &Audience,
    id: ExecutionId,
    intent: StopIntent,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to give an execution up"))?;
    let mut execution = row::find(&mut *unit, id)
        .await?
        .ok_or(StoreError::NotFound(id))?;
    if !execution.is_over() {
        let event = execution.giving_up(&intent);
        let state = execution
            .state
            .clone()
            .transition(event, execution.stop.as_ref())?;
        if execution.stop.is_none() {
            execution = stop::update(&mut unit, id, &intent).await?;
        }
        execution =
            transition::apply(&mut unit, audience, &execution, &state, Given::default()).await?;
    }
    audit::insert(&mut unit, entry, now()).await?;
    unit.commit()
        .await
        .map_err(failed("keep that an execution is given up"))?;
    Ok(execution)
}
