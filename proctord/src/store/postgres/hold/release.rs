//! How what is held goes on, by what a person says: it is released, or fails. The last one ends the hold.

use sqlx::PgConnection;

use super::super::database::Database;
use super::super::fault::failed;
use super::super::row::{self, Row};
use super::super::{audit, delivery, transition};
use super::{count, lock};
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::Event;
use crate::store::{Audience, AuditEntry, Change, StoreError};

/// Lets one that is held go on.
pub(in crate::store::postgres) async fn release(
    database: &Database,
    id: ExecutionId,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to release an execution"))?;
    lock(&mut unit).await?;
    let released = sqlx::query_as!(
        Row,
        "UPDATE proctor.execution
            SET held = FALSE, start_before = clock_timestamp() + (start_before - created_at)
          WHERE id = $1 AND held RETURNING *",
        id.as_i64(),
    )
    .fetch_optional(&mut *unit)
    .await
    .map_err(failed("release an execution"))?;
    let Some(released) = released else {
        return Err(not_held(&mut unit, id).await?);
    };
    audit::insert(&mut unit, entry).await?;
    end_if_nothing_is_left(&mut unit).await?;
    unit.commit()
        .await
        .map_err(failed("keep a released execution"))?;
    Execution::try_from(released)
}

/// Ends one that is held.
pub(in crate::store::postgres) async fn fail(
    database: &Database,
    audience: &Audience,
    id: ExecutionId,
    reason: &str,
    entry: &AuditEntry,
) -> Result<Execution, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to end what is held"))?;
    lock(&mut unit).await?;
    let Some(before) = lock_held(&mut unit, id).await? else {
        return Err(not_held(&mut unit, id).await?);
    };
    let event = Event::FailCreation {
        reason: reason.to_owned(),
    };
    let state = before
        .state
        .clone()
        .transition(event.clone(), before.stop.as_ref())?;
    let change = Change {
        id,
        fence: before.fence,
        event,
        handle: None,
        sealed_secrets: None,
    };
    let changed = transition::update(&mut unit, &before, &state, &change).await?;
    // Its row is locked, so nobody else can have changed it.
    let execution = changed.ok_or(StoreError::NotHeld(id))?;
    delivery::insert(&mut unit, &execution, audience).await?;
    audit::insert(&mut unit, entry).await?;
    end_if_nothing_is_left(&mut unit).await?;
    unit.commit()
        .await
        .map_err(failed("keep what has ended held"))?;
    Ok(execution)
}

/// Ends the hold if nothing is held.
pub(in crate::store::postgres) async fn end(
    database: &Database,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to end a hold"))?;
    lock(&mut unit).await?;
    match count(&mut unit).await? {
        0 => end_if_nothing_is_left(&mut unit).await?,
        left => return Err(StoreError::StillHeld(left)),
    }
    audit::insert(&mut unit, entry).await?;
    unit.commit()
        .await
        .map_err(failed("keep the end of a hold"))
}

async fn lock_held(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution WHERE id = $1 AND held FOR NO KEY UPDATE",
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read an execution that is held"))?
    .map(Execution::try_from)
    .transpose()
}

async fn not_held(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<StoreError, StoreError> {
    let found = row::find(connection, id).await?;
    Ok(found.map_or(StoreError::NotFound(id), |_| StoreError::NotHeld(id)))
}

async fn end_if_nothing_is_left(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE proctor.installation SET hold_since = NULL, hold_reason = NULL
          WHERE NOT EXISTS (SELECT FROM proctor.execution WHERE held)"
    )
    .execute(connection)
    .await
    .map_err(failed("end a hold"))?;
    Ok(())
}
