//! Reading logs: whole chunks from an offset on, cut to it, with the events that lie in them. Reads see one
//! moment of the database and wait for no writer.

use sqlx::PgConnection;

use super::{chunk, event};
use crate::domain::id::ExecutionId;
use crate::store::log::head::Head;
use crate::store::log::{unsigned, unwritten};
use crate::store::postgres::database::Database;
use crate::store::postgres::fault::failed;
use crate::store::postgres::row;
use crate::store::{LogGap, LogPosition, LogSlice, LogTail, StoreError};

/// Where the log ends.
pub(in crate::store::postgres) async fn tail(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<LogTail, StoreError> {
    let head = sqlx::query!(
        r#"SELECT coalesce((SELECT length FROM proctor.log WHERE execution_id = $1), 0) AS "length!",
                  (SELECT cursor FROM proctor.log WHERE execution_id = $1) AS cursor
             FROM proctor.execution WHERE id = $1"#,
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read where a log ends"))?
    .ok_or(StoreError::NotFound(id))?;
    Ok(LogTail {
        offset: unsigned(head.length),
        cursor: head.cursor,
    })
}

/// A piece of the log.
pub(in crate::store::postgres) async fn slice(
    database: &Database,
    id: ExecutionId,
    from: LogPosition,
    bytes: usize,
) -> Result<LogSlice, StoreError> {
    let mut view = database
        .view()
        .await
        .map_err(failed("begin to read a log"))?;
    let slice = match head(&mut view, id).await? {
        Some(head) => {
            let piece = head.piece(from, bytes);
            let chunks = chunk::read(&mut view, id, piece.begin, piece.until).await?;
            let events = event::read(&mut view, id, &piece, piece.end(&chunks)).await?;
            piece.slice(&head, chunks, events)
        }
        None => {
            let execution = row::find(&mut view, id).await?;
            unwritten::slice(&execution.ok_or(StoreError::NotFound(id))?, from)
        }
    };
    view.commit().await.map_err(failed("end reading a log"))?;
    Ok(slice)
}

async fn head(connection: &mut PgConnection, id: ExecutionId) -> Result<Option<Head>, StoreError> {
    let row = sqlx::query!(
        "SELECT length, events, ended, gap_start, gap_end FROM proctor.log WHERE execution_id = $1",
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read the head of a log"))?;
    Ok(row.map(|row| Head {
        length: unsigned(row.length),
        events: unsigned(row.events),
        ended: row.ended,
        missing: LogGap::of(row.gap_start, row.gap_end),
    }))
}
