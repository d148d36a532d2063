//! Idempotency keys: for 24 hours, a user's key stands for the execution that it first asked for. It is part of
//! that execution's row, and claimed by the statement that accepts, or in the same unit of work.

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::row::Row;
use super::text::text;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::store::{Idempotency, StoreError};

const UNIQUE_VIOLATION: &str = "23505";

/// The execution that the user's key stands for, as it is now. A key that has stood for one long enough is
/// given back.
pub(super) async fn find(
    database: &Database,
    user: &str,
    idempotency: &Idempotency,
) -> Result<Option<Execution>, StoreError> {
    let user = text(user);
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to look up an idempotency key"))?;
    sqlx::query!(
        r#"UPDATE proctor.execution SET key = NULL, key_digest = NULL
            WHERE "user" = $1 AND key = $2 AND created_at <= clock_timestamp() - interval '24 hours'"#,
        &*user,
        idempotency.key,
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("give an idempotency key back"))?;
    let found = sqlx::query_as!(
        Row,
        r#"SELECT * FROM proctor.execution WHERE "user" = $1 AND key = $2"#,
        &*user,
        idempotency.key,
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed("look up an idempotency key"))?;
    match found {
        None => Ok(None),
        Some(row) if row.key_digest.as_deref() == Some(&*idempotency.request_digest) => {
            Execution::try_from(row).map(Some)
        }
        Some(_) => Err(StoreError::KeyReused),
    }
}

/// Makes its user's key stand for an execution that was accepted in this unit of work; `false` if it stands for another
/// one, which ends the unit of work.
pub(super) async fn claim(
    connection: &mut PgConnection,
    idempotency: &Idempotency,
    id: ExecutionId,
) -> Result<bool, StoreError> {
    let claimed = sqlx::query!(
        "UPDATE proctor.execution SET key = $2, key_digest = $3 WHERE id = $1",
        id.as_i64(),
        idempotency.key,
        idempotency.request_digest,
    )
    .execute(connection)
    .await;
    match claimed {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNIQUE_VIOLATION) => {
            Ok(false)
        }
        Err(error) => Err(failed("claim an idempotency key")(error)),
    }
}
