//! Accepting: the execution with its first step and its idempotency key in one row, and the audit row, in one
//! statement. It commits by itself unless a slot has to be decided over or a delivery to be written with it.

use std::num::NonZeroU32;

use proctor_api::Status;
use sqlx::PgConnection;

use super::database::{Database, Unit};
use super::fault::failed;
use super::row;
use super::text::{text, text_if_any};
use super::{delivery, idempotency, queue};
use crate::domain::execution::{Execution, Fence};
use crate::domain::lifecycle::State;
use crate::store::{Accepted, Audience, AuditEntry, Idempotency, NewExecution, StoreError};

/// How often the key of a request may be taken, and free again when it is looked at.
const ATTEMPTS: usize = 8;
/// The seconds of a wait that is longer than any clock.
const FOREVER_SECONDS: f64 = 1e9;

/// What is to be accepted.
pub(super) struct Request {
    pub new: NewExecution,
    pub key: Option<Idempotency>,
    pub entry: AuditEntry,
}

/// Accepts an execution, or finds the one that its key stands for.
pub(super) async fn accept(
    database: &Database,
    limit: Option<NonZeroU32>,
    audience: &Audience,
    request: Request,
) -> Result<Accepted, StoreError> {
    for _ in 0..ATTEMPTS {
        if let Some(execution) = store(database, limit, audience, &request).await? {
            return Ok(Accepted::New(execution));
        }
        if let Some(key) = &request.key
            && let Some(before) = idempotency::find(database, &request.new.user, key).await?
        {
            return Ok(Accepted::Before(before));
        }
    }
    Err(StoreError::Unavailable {
        doing: "accept an execution",
        source: "its idempotency key was taken and given back each time".into(),
    })
}

/// The stored execution; `None` if the key stands for another one.
async fn store(
    database: &Database,
    limit: Option<NonZeroU32>,
    audience: &Audience,
    request: &Request,
) -> Result<Option<Execution>, StoreError> {
    let new = &request.new;
    if let Some(reason) = new.refusal.clone() {
        let refused = State::RequirementNotMet {
            reason: text(&reason).into_owned(),
        };
        if new.callback_url.is_none()
            && new.plan.mail.is_none()
            && audience.notifications.is_empty()
        {
            return insert(&mut *connect(database).await?, request, refused).await;
        }
        return store_with_delivery(database, audience, request, refused).await;
    }
    if limit.is_none() && new.plan.max_concurrent.is_none() {
        return insert(&mut *connect(database).await?, request, State::Received).await;
    }
    store_within(database, limit, request).await
}

async fn connect(database: &Database) -> Result<Unit, StoreError> {
    let connecting = database.connection().await;
    connecting.map_err(failed("reach the database to accept an execution"))
}

async fn begin(database: &Database) -> Result<Unit, StoreError> {
    let begun = database.begin().await;
    begun.map_err(failed("begin to accept an execution"))
}

async fn commit(unit: Unit) -> Result<(), StoreError> {
    let committed = unit.commit().await;
    committed.map_err(failed("keep an accepted execution"))
}

/// Received if a slot is left by those that have one and those that wait for one, otherwise queued.
async fn store_within(
    database: &Database,
    limit: Option<NonZeroU32>,
    request: &Request,
) -> Result<Option<Execution>, StoreError> {
    let mut unit = begin(database).await?;
    let state = if queue::has_slot_for(&mut unit, &request.new, limit).await? {
        State::Received
    } else {
        State::Queued
    };
    let stored = insert(&mut unit, request, state).await?;
    commit(unit).await?;
    Ok(stored)
}

async fn store_with_delivery(
    database: &Database,
    audience: &Audience,
    request: &Request,
    refused: State,
) -> Result<Option<Execution>, StoreError> {
    let mut unit = begin(database).await?;
    let stored = insert(&mut unit, request, refused).await?;
    if let Some(execution) = &stored {
        delivery::insert(&mut unit, execution, audience).await?;
    }
    commit(unit).await?;
    Ok(stored)
}

async fn insert(
    connection: &mut PgConnection,
    request: &Request,
    state: State,
) -> Result<Option<Execution>, StoreError> {
    let Request { new, key, entry } = request;
    let plan = serde_json::to_string(&new.plan).map_err(|error| StoreError::Unavailable {
        doing: "put a plan in words",
        source: Box::new(error),
    })?;
    let start_within = new.start_within.as_secs_f64().min(FOREVER_SECONDS);
    let user = text(&new.user);
    let callback_url = text_if_any(new.callback_url.as_deref());
    let stored = sqlx::query_file!(
        "src/store/postgres/accept.sql",
        new.name.as_str(),
        new.proc_name.as_str(),
        &*user,
        plan,
        new.runner.as_str(),
        new.host,
        state.status().as_str(),
        state.reason(),
        start_within,
        callback_url.as_deref(),
        new.owner,
        key.as_ref().map(|key| &*key.key),
        key.as_ref().map(|key| &*key.request_digest),
        entry.who,
        entry.action,
        &*text(&entry.source),
        entry.result.as_str(),
        entry.request_id,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("write an execution"))?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let created_at = stored.created_at.to_jiff();
    Ok(Some(Execution {
        id: row::id(stored.id)?,
        name: new.name.clone(),
        proc_name: new.proc_name.clone(),
        user: user.into_owned(),
        plan: new.plan.clone(),
        runner: new.runner,
        host: new.host.clone(),
        log_open: state.status() != Status::RequirementNotMet,
        state,
        stop: None,
        created_at,
        updated_at: created_at,
        start_before: stored.start_before.to_jiff(),
        callback_url: callback_url.map(std::borrow::Cow::into_owned),
        owner: new.owner.clone(),
        fence: Fence(1),
        handle: None,
        waiting: None,
        held: false,
        late_outcome: None,
    }))
}
