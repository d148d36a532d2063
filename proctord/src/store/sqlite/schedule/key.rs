//! Idempotency keys of schedules: for 24 hours, a user's key stands for the schedule that it first asked for. It is part
//! of that schedule's row.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqliteConnection, SqliteExecutor};

use super::read::schedule;
use crate::domain::schedule::{Schedule, ScheduleId};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::time::micros;
use crate::store::{Idempotency, StoreError};

pub(in crate::store::sqlite) const FIND: &str =
    "SELECT * FROM schedule WHERE key_user = ? AND key = ? AND created_at > ?";

pub(in crate::store::sqlite) const GIVE_BACK: &str = "
    UPDATE schedule SET key_user = NULL, key = NULL, key_digest = NULL
     WHERE key_user = ? AND key = ? AND created_at <= ?";

const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The schedule that the user's key stands for, as it is now.
pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    user: &str,
    idempotency: &Idempotency,
    now: Timestamp,
) -> Result<Option<Schedule>, StoreError> {
    let found = sqlx::query(FIND)
        .bind(user)
        .bind(&idempotency.key)
        .bind(expired_at(now))
        .fetch_optional(executor)
        .await
        .map_err(failed("look up the key of a schedule"))?;
    let Some(found) = found else { return Ok(None) };
    let digest: &str = found
        .try_get("key_digest")
        .map_err(failed("read the key of a schedule"))?;
    if digest == idempotency.request_digest {
        schedule(&found).map(Some)
    } else {
        Err(StoreError::KeyReused)
    }
}

/// Makes the user's key stand for a schedule that has none, in place of what it stood for more than a day ago.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    user: &str,
    idempotency: &Idempotency,
    id: ScheduleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(GIVE_BACK)
        .bind(user)
        .bind(&idempotency.key)
        .bind(expired_at(now))
        .execute(&mut *connection)
        .await
        .map_err(failed("give the key of a schedule back"))?;
    sqlx::query("UPDATE schedule SET key_user = ?2, key = ?3, key_digest = ?4 WHERE id = ?1")
        .bind(id.as_i64())
        .bind(user)
        .bind(&idempotency.key)
        .bind(&idempotency.request_digest)
        .execute(connection)
        .await
        .map_err(failed("write the key of a schedule"))?;
    Ok(())
}

fn expired_at(now: Timestamp) -> i64 {
    now.saturating_sub(LIFETIME).map_or(i64::MIN, micros)
}
