//! Idempotency keys: for 24 hours, a user's key stands for the execution that it first asked for.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqliteConnection};

use super::fault::failed;
use super::row;
use super::time::micros;
use crate::domain::execution::Execution;
use crate::store::{Idempotency, StoreError};

pub(super) const FIND: &str = "
    SELECT execution.*, idempotency.digest AS key_digest
      FROM idempotency JOIN execution ON execution.id = idempotency.execution_id
     WHERE idempotency.user = ? AND idempotency.key = ? AND idempotency.created_at > ?";

pub(super) const PURGE: &str = "
    DELETE FROM idempotency WHERE (user, key) IN
            (SELECT user, key FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT 8)";

const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The execution that the user's key stands for, as it is now.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    user: &str,
    idempotency: &Idempotency,
    now: Timestamp,
) -> Result<Option<Execution>, StoreError> {
    let found = sqlx::query(FIND)
        .bind(user)
        .bind(&idempotency.key)
        .bind(expired_at(now))
        .fetch_optional(connection)
        .await
        .map_err(failed("look up an idempotency key"))?;
    let Some(found) = found else { return Ok(None) };
    let digest: &str = found
        .try_get("key_digest")
        .map_err(failed("read an idempotency key"))?;
    if digest == idempotency.request_digest {
        row::execution(&found).map(Some)
    } else {
        Err(StoreError::KeyReused)
    }
}

/// Makes the user's key stand for an execution, in place of what it stood for before. Each new key pays for forgetting
/// a few old ones.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
    execution: &Execution,
) -> Result<(), StoreError> {
    purge(connection, execution.created_at).await?;
    insert(connection, idempotency, execution).await
}

async fn insert(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
    execution: &Execution,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO idempotency (user, key, digest, execution_id, created_at)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&execution.user)
    .bind(&idempotency.key)
    .bind(&idempotency.request_digest)
    .bind(execution.id.as_i64())
    .bind(micros(execution.created_at))
    .execute(connection)
    .await
    .map_err(failed("write an idempotency key"))?;
    Ok(())
}

/// Forgets some of the keys that stand for nothing any more.
async fn purge(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(PURGE)
        .bind(expired_at(now))
        .execute(connection)
        .await
        .map_err(failed("forget old idempotency keys"))?;
    Ok(())
}

fn expired_at(now: Timestamp) -> i64 {
    now.saturating_sub(LIFETIME).map_or(i64::MIN, micros)
}
