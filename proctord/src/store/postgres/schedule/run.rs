//! Somebody runs a schedule by hand: an execution as a firing has one, and a row that has no moment.

use super::accept::accept_all;
use super::change::lock;
use super::firing;
use crate::domain::execution::Execution;
use crate::domain::schedule::ScheduleId;
use crate::store::postgres::fault::failed;
use crate::store::postgres::{PostgresStore, idempotency};
use crate::store::{AuditEntry, Idempotency, NewExecution, StoreError};

/// How often the key of a request may be taken, and free again when it is looked at.
const ATTEMPTS: usize = 8;

/// What is to be run.
pub(super) struct Request {
    pub id: ScheduleId,
    pub new: NewExecution,
    pub key: Option<Idempotency>,
    pub entry: AuditEntry,
}

/// Accepts an execution, or finds the one that the key stands for.
pub(super) async fn run(store: &PostgresStore, request: &Request) -> Result<Execution, StoreError> {
    for _ in 0..ATTEMPTS {
        if let Some(key) = &request.key
            && let Some(before) = idempotency::find(&store.database, &request.new.user, key).await?
        {
            return Ok(before);
        }
        if let Some(execution) = accept(store, request).await? {
            return Ok(execution);
        }
    }
    Err(StoreError::Unavailable {
        doing: "run a schedule",
        source: "its idempotency key was taken and given back each time".into(),
    })
}

/// The accepted execution; `None` if the key stands for another one.
async fn accept(store: &PostgresStore, request: &Request) -> Result<Option<Execution>, StoreError> {
    let Request {
        id,
        new,
        key,
        entry,
    } = request;
    let begun = store.database.begin().await;
    let mut unit = begun.map_err(failed("begin to run a schedule"))?;
    let locked = lock(&mut unit, *id).await?;
    locked.ok_or(StoreError::NoSchedule(*id))?;
    let now = store.clock.now(&mut unit).await?;
    let (limit, audience) = (store.max_concurrent, &store.audience);
    let accepted = accept_all(&mut unit, limit, audience, vec![(*id, new.clone())], entry).await?;
    let execution = accepted.into_iter().next();
    let execution = execution.ok_or(StoreError::NoSchedule(*id))?;
    if let Some(key) = key
        && !idempotency::claim(&mut unit, key, execution.id).await?
    {
        return Ok(None);
    }
    firing::insert_run(&mut unit, *id, execution.id, now).await?;
    let committed = unit.commit().await;
    committed.map_err(failed("keep what was run by hand"))?;
    Ok(Some(execution))
}
