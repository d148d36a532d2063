//! Reading logs: whole chunks from an offset on, cut to it, with the events that lie in them. Reads see one
//! moment of the file and wait for no writer.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{chunk, signed, unsigned, unwritten};
use crate::domain::id::ExecutionId;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::{self, Columns};
use crate::store::{LogPosition, LogSlice, LogTail, NumberedEvent, StoreError};

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
    mut from: LogPosition,
    bytes: usize,
) -> Result<LogSlice, StoreError> {
    let mut view = view(store).await?;
    let Some((length, ended)) = head(&mut view, id).await? else {
        return unwritten::slice(store, id, from).await;
    };
    if ended {
        // One who asks for bytes past the end must still learn that it is the end.
        from.offset = from.offset.min(length);
    }
    let chunks = chunk::read(&mut view, id, from.offset, bytes).await?;
    let end = chunks
        .last()
        .map_or(from.offset, |chunk| chunk.offset + chunk.bytes.len() as u64);
    let events = events(&mut view, id, from, end).await?;
    let event_number = events
        .last()
        .map_or(from.event_number, |event| event.number + 1);
    Ok(LogSlice {
        chunks,
        events,
        next: LogPosition {
            offset: end,
            event_number,
        },
    })
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
) -> Result<Option<(u64, bool)>, StoreError> {
    let head: Option<(i64, bool)> =
        sqlx::query_as("SELECT length, ended FROM log WHERE execution_id = ?")
            .bind(id.as_i64())
            .fetch_optional(connection)
            .await
            .map_err(failed("read the head of a log"))?;
    Ok(head.map(|(length, ended)| (unsigned(length), ended)))
}

async fn events(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    from: LogPosition,
    end: u64,
) -> Result<Vec<NumberedEvent>, StoreError> {
    let rows = sqlx::query(EVENTS)
        .bind(id.as_i64())
        .bind(signed(from.event_number))
        .bind(signed(from.offset))
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
