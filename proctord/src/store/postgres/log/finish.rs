//! Closing a log: its end event, the execution's row and the deliveries that wait for it in one commit.

use proctor_api::{LogEnd, LogEvent, LogEventKind};
use sqlx::PgConnection;

use super::event::Events;
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::log::head::Head;
use crate::store::log::{signed, unsigned};
use crate::store::postgres::database::Database;
use crate::store::postgres::delivery;
use crate::store::postgres::fault::failed;
use crate::store::{LogGap, StoreError};

/// Closes a log; once it is closed, its first end stands.
pub(in crate::store::postgres) async fn finish(
    database: &Database,
    id: ExecutionId,
    fence: Fence,
    mut end: LogEnd,
) -> Result<(), StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to close a log"))?;
    if !is_open(&mut unit, id, fence).await? {
        return unit.commit().await.map_err(failed("leave a log closed"));
    }
    let head = head(&mut unit, id).await?;
    if head.length != end.bytes {
        return Err(StoreError::LogDiscontinuous {
            id,
            offset: end.bytes,
        });
    }
    end.log_complete &= head.missing.is_none();
    write_end(&mut unit, id, &head, end).await?;
    sqlx::query!(
        "UPDATE proctor.execution SET log_open = FALSE, sealed_secrets = NULL WHERE id = $1",
        id.as_i64(),
    )
    .execute(&mut *unit)
    .await
    .map_err(failed("close a log"))?;
    delivery::release(&mut unit, id).await?;
    unit.commit().await.map_err(failed("keep a log closed"))
}

/// Locks the execution and tells whether its log is open, under the fence.
async fn is_open(
    connection: &mut PgConnection,
    id: ExecutionId,
    fence: Fence,
) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        "SELECT fence, log_open FROM proctor.execution WHERE id = $1 FOR NO KEY UPDATE",
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("lock an execution whose log ends"))?
    .ok_or(StoreError::NotFound(id))?;
    if row.fence == fence.0 {
        Ok(row.log_open)
    } else {
        Err(StoreError::FenceLost(id))
    }
}

/// Makes the head of the log if nothing was written, and locks it.
async fn head(connection: &mut PgConnection, id: ExecutionId) -> Result<Head, StoreError> {
    let row = sqlx::query!(
        "INSERT INTO proctor.log AS stored (execution_id, length, events, ended) VALUES ($1, 0, 0, FALSE)
         ON CONFLICT (execution_id) DO UPDATE SET ended = stored.ended
         RETURNING length, events, ended, gap_start, gap_end",
        id.as_i64(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("lock the head of a log"))?;
    Ok(Head {
        length: unsigned(row.length),
        events: unsigned(row.events),
        ended: row.ended,
        missing: LogGap::of(row.gap_start, row.gap_end),
    })
}

async fn write_end(
    connection: &mut PgConnection,
    id: ExecutionId,
    head: &Head,
    end: LogEnd,
) -> Result<(), StoreError> {
    let event = LogEvent {
        offset: end.bytes,
        kind: LogEventKind::End(end),
    };
    let mut events = Events::default();
    events.add(id, head.events, std::slice::from_ref(&event))?;
    events.write(&mut *connection).await?;
    sqlx::query!(
        "UPDATE proctor.log SET events = $2, ended = TRUE WHERE execution_id = $1",
        id.as_i64(),
        signed(head.events + 1),
    )
    .execute(connection)
    .await
    .map_err(failed("end a log"))?;
    Ok(())
}
