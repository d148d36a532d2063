//! Idempotency keys: for 24 hours, a user's key stands for the execution that it first asked for. They are
//! claimed by the statement that accepts.

use sqlx::PgConnection;

use super::fault::failed;
use super::row::Row;
use super::text::text;
use crate::domain::execution::Execution;
use crate::store::{Idempotency, StoreError};

/// The execution that the user's key stands for, as it is now.
pub(super) async fn find(
    connection: &mut PgConnection,
    user: &str,
    idempotency: &Idempotency,
) -> Result<Option<Execution>, StoreError> {
    let digest = sqlx::query_scalar!(
        r#"SELECT digest FROM proctor.idempotency WHERE "user" = $1 AND key = $2"#,
        &*text(user),
        idempotency.key,
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed("look up an idempotency key"))?;
    match digest {
        None => return Ok(None),
        Some(digest) if digest != idempotency.request_digest => return Err(StoreError::KeyReused),
        Some(_) => {}
    }
    sqlx::query_as!(
        Row,
        r#"SELECT execution.*
             FROM proctor.idempotency JOIN proctor.execution ON execution.id = idempotency.execution_id
            WHERE idempotency."user" = $1 AND idempotency.key = $2"#,
        &*text(user),
        idempotency.key,
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read the execution of an idempotency key"))?
    .map(Execution::try_from)
    .transpose()
}
