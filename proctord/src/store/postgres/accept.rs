//! Accepting: the execution, its first step, its idempotency key and its audit row in one statement, which
//! commits by itself unless a slot has to be decided over or a delivery to be written with it.

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::row::Row;
use super::text::{text, text_if_any};
use super::{delivery, idempotency, queue};
use crate::domain::execution::Execution;
use crate::store::{Accepted, AuditEntry, Idempotency, NewExecution, StoreError};

/// The seconds of a wait that is longer than any clock.
const FOREVER_SECONDS: f64 = 1e9;

/// Accepts an execution, or finds the one that its key stands for.
pub(super) async fn accept(
    database: &Database,
    new: NewExecution,
    key: Option<Idempotency>,
    entry: AuditEntry,
) -> Result<Accepted, StoreError> {
    let decides = new.refusal.is_none() && new.plan.max_concurrent.is_some();
    let delivers = new.refusal.is_some() && new.callback_url.is_some();
    if !decides && !delivers {
        let mut connection = database
            .connection()
            .await
            .map_err(failed("reach the database to accept an execution"))?;
        let stored = insert(&mut connection, &new, key.as_ref(), &entry).await?;
        return accepted(&mut connection, stored, &new, key.as_ref()).await;
    }
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to accept an execution"))?;
    if decides {
        queue::lock(&mut unit, &new.proc_name).await?;
    }
    let stored = insert(&mut unit, &new, key.as_ref(), &entry).await?;
    if let Some(execution) = &stored
        && execution.status().is_terminal()
    {
        delivery::insert(&mut unit, execution).await?;
    }
    let accepted = accepted(&mut unit, stored, &new, key.as_ref()).await?;
    unit.commit()
        .await
        .map_err(failed("keep an accepted execution"))?;
    Ok(accepted)
}

/// What was stored, or what the key stands for if nothing was.
async fn accepted(
    connection: &mut PgConnection,
    stored: Option<Execution>,
    new: &NewExecution,
    key: Option<&Idempotency>,
) -> Result<Accepted, StoreError> {
    if let Some(execution) = stored {
        return Ok(Accepted::New(execution));
    }
    let before = match key {
        Some(key) => idempotency::find(connection, &new.user, key).await?,
        None => None,
    };
    before
        .map(Accepted::Before)
        .ok_or_else(|| StoreError::Unavailable {
            doing: "accept an execution",
            source: "its idempotency key was taken and given back meanwhile".into(),
        })
}

/// The stored execution; `None` if the key stands for another one. A new key pays for a few that stand for
/// nothing any more.
async fn insert(
    connection: &mut PgConnection,
    new: &NewExecution,
    key: Option<&Idempotency>,
    entry: &AuditEntry,
) -> Result<Option<Execution>, StoreError> {
    let plan = serde_json::to_string(&new.plan).map_err(|error| StoreError::Unavailable {
        doing: "put a plan in words",
        source: Box::new(error),
    })?;
    let start_within = new.start_within.as_secs_f64().min(FOREVER_SECONDS);
    let reason = text_if_any(new.refusal.as_deref());
    let callback_url = text_if_any(new.callback_url.as_deref());
    sqlx::query_file_as!(
        Row,
        "src/store/postgres/accept.sql",
        new.name.as_str(),
        new.proc_name.as_str(),
        &*text(&new.user),
        plan,
        new.runner.as_str(),
        new.host,
        reason.as_deref(),
        new.plan.max_concurrent.map(i64::from),
        start_within,
        callback_url.as_deref(),
        new.owner,
        key.map(|key| &*key.key),
        key.map(|key| &*key.request_digest),
        entry.who,
        entry.action,
        &*text(&entry.source),
        entry.result.as_str(),
        entry.request_id,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("write an execution"))?
    .map(Execution::try_from)
    .transpose()
}
