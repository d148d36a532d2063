//! Closing a log. The end event is committed first and the execution's row after it; whoever finds a row that
//! is still open after a crash closes it again, and the first end event stands.

use proctor_api::{LogEnd, LogEvent, LogEventKind};
use sqlx::SqliteConnection;

use super::append::insert_event;
use super::{Standing, standing};
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::log::signed;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::time::now;
use crate::store::sqlite::{SqliteStore, delivery};

/// Closes a log.
pub(in crate::store::sqlite) async fn finish(
    store: &SqliteStore,
    id: ExecutionId,
    fence: Fence,
    end: LogEnd,
) -> Result<(), StoreError> {
    write_end(store, id, fence, end).await?;
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to close a log"))?;
    let closed = sqlx::query(
        "UPDATE execution SET log_open = 0, sealed_secrets = NULL WHERE id = ? AND fence = ?",
    )
    .bind(id.as_i64())
    .bind(fence.0)
    .execute(&mut *unit)
    .await
    .map_err(failed("close a log"))?;
    if closed.rows_affected() == 0 {
        return Err(StoreError::FenceLost(id));
    }
    delivery::release(&mut unit, id, now()).await?;
    unit.commit().await.map_err(failed("keep a log closed"))
}

async fn write_end(
    store: &SqliteStore,
    id: ExecutionId,
    fence: Fence,
    mut end: LogEnd,
) -> Result<(), StoreError> {
    let mut unit = store
        .logs
        .begin_beside()
        .await
        .map_err(failed("begin to end a log"))?;
    let Some((events, has_gap)) = advance_to_end(&mut unit, id, fence, end.bytes).await? else {
        return match standing(&mut unit, id, fence).await?? {
            Standing::Closed => Ok(()),
            Standing::Open => Err(StoreError::LogDiscontinuous {
                id,
                offset: end.bytes,
            }),
        };
    };
    end.log_complete &= !has_gap;
    let event = LogEvent {
        offset: end.bytes,
        kind: LogEventKind::End(end),
    };
    insert_event(&mut unit, id, events - 1, &event).await?;
    unit.commit().await.map_err(failed("keep the end of a log"))
}

/// Ends the log if the fence holds and it has that many bytes. Answers how many events the log then has, and
/// whether bytes of it are missing.
async fn advance_to_end(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    fence: Fence,
    bytes: u64,
) -> Result<Option<(i64, bool)>, StoreError> {
    sqlx::query_as(
        "INSERT INTO log (execution_id, length, events, ended)
         SELECT ?1, 0, 1, 1
          WHERE EXISTS (SELECT 1 FROM records.execution WHERE id = ?1 AND fence = ?2 AND log_open = 1)
            AND ?3 = coalesce((SELECT length FROM log WHERE execution_id = ?1), 0)
            AND NOT EXISTS (SELECT 1 FROM log WHERE execution_id = ?1 AND ended = 1)
         ON CONFLICT (execution_id) DO UPDATE SET events = log.events + 1, ended = 1
         RETURNING events, gap_start IS NOT NULL",
    )
    .bind(id.as_i64())
    .bind(fence.0)
    .bind(signed(bytes))
    .fetch_optional(connection)
    .await
    .map_err(failed("end a log"))
}
