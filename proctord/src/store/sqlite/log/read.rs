//! Reading logs: whole chunks from an offset on, cut to it, with the events that lie in them. Reads see one
//! moment of the file and wait for no writer.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::chunk;
use crate::domain::id::ExecutionId;
use crate::store::log::head::{Head, Piece};
use crate::store::log::{signed, unsigned, unwritten};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::{self, Columns};
use crate::store::{LogGap, LogPosition, LogSlice, LogTail, NumberedEvent, StoreError};

pub(in crate::store::sqlite) const EVENTS: &str = "
    SELECT number, event FROM event
     WHERE execution_id = ? AND number >= ? AND offset >= ? AND offset <= ?
     ORDER BY number";

/// Where the log ends.
pub(in crate::store::sqlite) async fn tail(
    store: &SqliteStore,
    id: ExecutionId,
) -> Result<LogTail, StoreError> {
    let head = sqlx::query("SELECT length, cursor FROM log WHERE execution_id = ?")
        .bind(id.as_i64())
        .fetch_optional(store.logs.readers())
        .await
        .map_err(failed("read where a log ends"))?;
    let Some(head) = head else {
        return match row::find(store.records.readers(), id).await? {
            Some(_) => Ok(LogTail::default()),
            None => Err(StoreError::NotFound(id)),
        };
    };
    let columns = Columns::new(&head, format!("the log of execution {id}"));
    Ok(LogTail {
        offset: unsigned(columns.get("length")?),
        cursor: columns.get("cursor")?,
    })
}

/// A piece of the log.
pub(in crate::store::sqlite) async fn slice(
    store: &SqliteStore,
    id: ExecutionId,
    from: LogPosition,
    bytes: usize,
) -> Result<LogSlice, StoreError> {
    let mut view = view(store).await?;
    let Some(head) = head(&mut view, id).await? else {
        let execution = row::find(store.records.readers(), id).await?;
        return Ok(unwritten::slice(
            &execution.ok_or(StoreError::NotFound(id))?,
            from,
        ));
    };
    let piece = head.piece(from, bytes);
    let chunks = chunk::read(&mut view, id, piece.begin, piece.until).await?;
    let events = events(&mut view, id, &piece, piece.end(&chunks)).await?;
    Ok(piece.slice(&head, chunks, events))
}

async fn view(store: &SqliteStore) -> Result<Transaction<'static, Sqlite>, StoreError> {
    store
        .logs
        .readers()
        .begin()
        .await
        .map_err(failed("begin to read a log"))
}

async fn head(
    connection: &mut SqliteConnection,
    id: ExecutionId,
) -> Result<Option<Head>, StoreError> {
    type Columns = (i64, i64, bool, Option<i64>, Option<i64>);
    let head: Option<Columns> = sqlx::query_as(
        "SELECT length, events, ended, gap_start, gap_end FROM log WHERE execution_id = ?",
    )
    .bind(id.as_i64())
    .fetch_optional(connection)
    .await
    .map_err(failed("read the head of a log"))?;
    Ok(
        head.map(|(length, events, ended, gap_start, gap_end)| Head {
            length: unsigned(length),
            events: unsigned(events),
            ended,
            missing: LogGap::of(gap_start, gap_end),
        }),
    )
}

async fn events(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    piece: &Piece,
    end: u64,
) -> Result<Vec<NumberedEvent>, StoreError> {
    let rows = sqlx::query(EVENTS)
        .bind(id.as_i64())
        .bind(signed(piece.from.event_number))
        .bind(signed(piece.from.offset))
        .bind(signed(end))
        .fetch_all(connection)
        .await
        .map_err(failed("read the events of a log"))?;
    rows.iter()
        .map(|row| {
            let columns = Columns::new(row, format!("an event in the log of execution {id}"));
            Ok(NumberedEvent {
                number: unsigned(columns.get("number")?),
                event: serde_json::from_str(columns.get("event")?)
                    .map_err(|error| columns.damaged("event", error))?,
            })
        })
        .collect()
}
