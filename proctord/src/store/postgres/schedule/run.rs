//! Somebody runs a schedule by hand: an execution as a firing has one, and a row that has no moment.

use std::num::NonZeroU32;

use super::accept::accept_all;
use super::change::lock;
use super::clock::Clock;
use super::firing;
use crate::domain::execution::Execution;
use crate::domain::schedule::ScheduleId;
use crate::store::postgres::database::Database;
use crate::store::postgres::fault::failed;
use crate::store::{Audience, AuditEntry, NewExecution, StoreError};

pub(super) async fn run(
    database: &Database,
    clock: &Clock,
    limit: Option<NonZeroU32>,
    audience: &Audience,
    id: ScheduleId,
    new: NewExecution,
    entry: AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to run a schedule"))?;
    lock(&mut unit, id)
        .await?
        .ok_or(StoreError::NoSchedule(id))?;
    let now = clock.now(&mut unit).await?;
    let accepted = accept_all(&mut unit, limit, audience, vec![(id, new)], &entry).await?;
    let execution = accepted.into_iter().next();
    let execution = execution.ok_or(StoreError::NoSchedule(id))?;
    firing::insert_run(&mut unit, id, execution.id, now).await?;
    unit.commit()
        .await
        .map_err(failed("keep what was run by hand"))?;
    Ok(execution)
}
