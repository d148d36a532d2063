//! Keeps a log to its limit: of one that is longer, a head and a sliding tail stay, in whole chunks, and the
//! head of the log knows what is missing between them.

use sqlx::SqliteConnection;

use super::{signed, unsigned};
use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::sqlite::fault::failed;

pub(in crate::store::sqlite) const FIRST_FROM: &str =
    "SELECT min(offset) FROM chunk WHERE execution_id = ? AND offset >= ?";
pub(in crate::store::sqlite) const LAST_TO: &str =
    "SELECT max(offset) FROM chunk WHERE execution_id = ? AND offset <= ?";
pub(in crate::store::sqlite) const DELETE: &str =
    "DELETE FROM chunk WHERE execution_id = ? AND offset >= ? AND offset < ?";

/// What is missing of a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Missing {
    /// As the two columns have it.
    pub(super) fn of(columns: (Option<i64>, Option<i64>)) -> Option<Self> {
        let (Some(from), Some(to)) = columns else {
            return None;
        };
        Some(Self {
            from: unsigned(from),
            to: unsigned(to),
        })
    }
}

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
    let from = match missing {
        Some(missing) if length - (missing.to - missing.from) <= limit => return Ok(()),
        Some(missing) => Some(missing.from),
        None => offset(connection, FIRST_FROM, id, limit / 2).await?,
    };
    let to = offset(connection, LAST_TO, id, length - limit / 2).await?;
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(());
    };
    if to <= missing.map_or(from, |missing| missing.to) {
        return Ok(());
    }
    sqlx::query(DELETE)
        .bind(id.as_i64())
        .bind(signed(from))
        .bind(signed(to))
        .execute(&mut *connection)
        .await
        .map_err(failed("delete the middle of a log"))?;
    sqlx::query("UPDATE log SET gap_start = ?, gap_end = ? WHERE execution_id = ?")
        .bind(signed(from))
        .bind(signed(to))
        .bind(id.as_i64())
        .execute(connection)
        .await
        .map_err(failed("note what is missing of a log"))?;
    Ok(())
}

async fn missing(
    connection: &mut SqliteConnection,
    id: ExecutionId,
) -> Result<Option<Missing>, StoreError> {
    let columns = sqlx::query_as("SELECT gap_start, gap_end FROM log WHERE execution_id = ?")
        .bind(id.as_i64())
        .fetch_one(connection)
        .await
        .map_err(failed("read what is missing of a log"))?;
    Ok(Missing::of(columns))
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
