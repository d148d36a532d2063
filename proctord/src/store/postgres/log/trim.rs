//! Keeps a log to its limit: of one that is longer, a head and a sliding tail stay, in whole chunks, and the
//! head of the log knows what is missing between them.

use sqlx::PgConnection;

use crate::domain::id::ExecutionId;
use crate::store::log::head::{Head, Trim};
use crate::store::log::{signed, unsigned};
use crate::store::postgres::fault::failed;
use crate::store::{LogGap, StoreError};

/// Deletes from the middle of a log what is over the limit.
pub(super) async fn to_limit(
    connection: &mut PgConnection,
    id: ExecutionId,
    head: Head,
    limit: u64,
) -> Result<(), StoreError> {
    let Some(trim) = Trim::of(head.length, head.missing, limit) else {
        return Ok(());
    };
    let from = match trim.begun() {
        Some(from) => Some(from),
        None => first_from(connection, id, trim.from_bound).await?,
    };
    let to = last_to(connection, id, trim.to_bound).await?;
    match trim.between(from, to) {
        Some(gap) => delete(connection, id, gap).await,
        None => Ok(()),
    }
}

async fn first_from(
    connection: &mut PgConnection,
    id: ExecutionId,
    bound: u64,
) -> Result<Option<u64>, StoreError> {
    let offset = sqlx::query_scalar!(
        r#"SELECT min("offset") FROM proctor.chunk WHERE execution_id = $1 AND "offset" >= $2"#,
        id.as_i64(),
        signed(bound),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("find the end of a log's head"))?;
    Ok(offset.map(unsigned))
}

async fn last_to(
    connection: &mut PgConnection,
    id: ExecutionId,
    bound: u64,
) -> Result<Option<u64>, StoreError> {
    let offset = sqlx::query_scalar!(
        r#"SELECT max("offset") FROM proctor.chunk WHERE execution_id = $1 AND "offset" <= $2"#,
        id.as_i64(),
        signed(bound),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("find the beginning of a log's tail"))?;
    Ok(offset.map(unsigned))
}

async fn delete(
    connection: &mut PgConnection,
    id: ExecutionId,
    gap: LogGap,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"DELETE FROM proctor.chunk WHERE execution_id = $1 AND "offset" >= $2 AND "offset" < $3"#,
        id.as_i64(),
        signed(gap.from),
        signed(gap.to),
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("delete the middle of a log"))?;
    sqlx::query!(
        "UPDATE proctor.log SET gap_start = $2, gap_end = $3 WHERE execution_id = $1",
        id.as_i64(),
        signed(gap.from),
        signed(gap.to),
    )
    .execute(connection)
    .await
    .map_err(failed("note what is missing of a log"))?;
    Ok(())
}
