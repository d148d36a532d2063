//! Logs in their own file. `log` holds the head of each, which every append moves under the fence; chunks and
//! events follow in the same commit.

pub(super) mod append;
pub(super) mod chunk;
pub(super) mod finish;
pub(super) mod read;
pub(super) mod standing;
pub(super) mod trim;
pub(super) mod whole;

use sqlx::{Row, SqliteConnection};

use super::fault::failed;
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;

/// What an execution allows one who comes with a fence.
enum Standing {
    /// The log may grow, so something else was wrong.
    Open,
    /// The log is closed.
    Closed,
}

/// Why a write with this fence found nothing to write to.
async fn standing(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    fence: Fence,
) -> Result<Result<Standing, StoreError>, StoreError> {
    let row = sqlx::query(
        "SELECT execution.fence, execution.log_open AND NOT coalesce(log.ended, 0) AS open
           FROM records.execution LEFT JOIN log ON log.execution_id = execution.id
          WHERE execution.id = ?",
    )
    .bind(id.as_i64())
    .fetch_optional(connection)
    .await
    .map_err(failed("look up the owner of a log"))?;
    let Some(row) = row else {
        return Ok(Err(StoreError::NotFound(id)));
    };
    let stored: i64 = row
        .try_get("fence")
        .map_err(failed("read the fence of a log"))?;
    let open: bool = row
        .try_get("open")
        .map_err(failed("read whether a log is open"))?;
    Ok(match (stored == fence.0, open) {
        (false, _) => Err(StoreError::FenceLost(id)),
        (true, true) => Ok(Standing::Open),
        (true, false) => Ok(Standing::Closed),
    })
}
