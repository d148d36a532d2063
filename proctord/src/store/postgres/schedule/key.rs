//! Idempotency keys of schedules: for 24 hours, a user's key stands for the schedule that it first asked for. It is part
//! of that schedule's row, and claimed by the statement that writes it.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::clock::Clock;
use super::read::Row;
use crate::domain::schedule::Schedule;
use crate::store::postgres::fault::failed;
use crate::store::postgres::text::text;
use crate::store::{Idempotency, StoreError};

const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The schedule that the user's key stands for, as it is now. A key that has stood for one long enough is given back.
pub(super) async fn find(
    connection: &mut PgConnection,
    clock: &Clock,
    user: &str,
    idempotency: &Idempotency,
) -> Result<Option<Schedule>, StoreError> {
    let user = text(user);
    let now = clock.now(connection).await?;
    let expired_at = now.saturating_sub(LIFETIME).unwrap_or(Timestamp::MIN);
    sqlx::query!(
        "UPDATE proctor.schedule SET key_user = NULL, key = NULL, key_digest = NULL
          WHERE key_user = $1 AND key = $2 AND created_at <= $3",
        &*user,
        idempotency.key,
        expired_at.to_sqlx(),
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("give the key of a schedule back"))?;
    let found = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule WHERE key_user = $1 AND key = $2",
        &*user,
        idempotency.key,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("look up the key of a schedule"))?;
    match found {
        None => Ok(None),
        Some(row) if row.key_digest.as_deref() == Some(&*idempotency.request_digest) => {
            Schedule::try_from(row).map(Some)
        }
        Some(_) => Err(StoreError::KeyReused),
    }
}
