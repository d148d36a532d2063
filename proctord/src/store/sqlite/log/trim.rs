//! Keeps a log to its limit: of one that is longer, a head and a sliding tail stay, in whole chunks, and the
//! head of the log knows what is missing between them.

use sqlx::SqliteConnection;

use crate::domain::id::ExecutionId;
use crate::store::log::head::Trim;
use crate::store::log::{signed, unsigned};
use crate::store::sqlite::fault::failed;
use crate::store::{LogGap, StoreError};

pub(in crate::store::sqlite) const FIRST_FROM: &str =
    "SELECT min(offset) FROM chunk WHERE execution_id = ? AND offset >= ?";
pub(in crate::store::sqlite) const LAST_TO: &str =
    "SELECT max(offset) FROM chunk WHERE execution_id = ? AND offset <= ?";
pub(in crate::store::sqlite) const DELETE: &str =
    "DELETE FROM chunk WHERE execution_id = ? AND offset >= ? AND offset < ?";

/// Deletes from the middle of a log of this length what is over the limit.
pub(super) async fn to_limit(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    length: u64,
    limit: u64,
) -> Result<(), StoreError> {
    if length <= limit {
        return Ok(());
    }
    let missing = missing(connection, id).await?;
    let Some(trim) = Trim::of(length, missing, limit) else {
        return Ok(());
    };
    let from = match trim.begun() {
        Some(from) => Some(from),
        None => offset(connection, FIRST_FROM, id, trim.from_bound).await?,
    };
    let to = offset(connection, LAST_TO, id, trim.to_bound).await?;
    match trim.between(from, to) {
        Some(gap) => delete(connection, id, gap).await,
        None => Ok(()),
    }
}

async fn delete(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    gap: LogGap,
) -> Result<(), StoreError> {
    sqlx::query(DELETE)
        .bind(id.as_i64())
        .bind(signed(gap.from))
        .bind(signed(gap.to))
        .execute(&mut *connection)
        .await
        .map_err(failed("delete the middle of a log"))?;
    sqlx::query("UPDATE log SET gap_start = ?, gap_end = ? WHERE execution_id = ?")
        .bind(signed(gap.from))
        .bind(signed(gap.to))
        .bind(id.as_i64())
        .execute(connection)
        .await
        .map_err(failed("note what is missing of a log"))?;
    Ok(())
}

async fn missing(
    connection: &mut SqliteConnection,
    id: ExecutionId,
) -> Result<Option<LogGap>, StoreError> {
    let (from, to) = sqlx::query_as("SELECT gap_start, gap_end FROM log WHERE execution_id = ?")
        .bind(id.as_i64())
        .fetch_one(connection)
        .await
        .map_err(failed("read what is missing of a log"))?;
    Ok(LogGap::of(from, to))
}

async fn offset(
    connection: &mut SqliteConnection,
    sql: &'static str,
    id: ExecutionId,
    bound: u64,
) -> Result<Option<u64>, StoreError> {
    let offset: Option<i64> = sqlx::query_scalar(sql)
        .bind(id.as_i64())
        .bind(signed(bound))
        .fetch_one(connection)
        .await
        .map_err(failed("find a chunk of a log"))?;
    Ok(offset.map(unsigned))
}
