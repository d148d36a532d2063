//! Reading logs: whole chunks from an offset on, cut to it, with the events that lie in them. Reads see one
//! moment of the file and wait for no writer.

use proctor_api::{LogEnd, LogEvent, LogEventKind};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::codec;
use super::{signed, unsigned};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::State;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::{damaged, failed};
use crate::store::sqlite::row::{self, Columns};
use crate::store::{LogPosition, LogSlice, LogTail, NumberedEvent, StoreError, StoredChunk};

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
        return unwritten(store, id, from).await;
    };
    if ended {
        // One who asks for bytes past the end must still learn that it is the end.
        from.offset = from.offset.min(length);
    }
    let chunks = chunks(&mut view, id, from.offset, bytes).await?;
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

/// The log of an execution for which nothing was written. One that was refused has an end all the same: its
/// row tells it, so that accepting it needs one file only.
async fn unwritten(
    store: &SqliteStore,
    id: ExecutionId,
    from: LogPosition,
) -> Result<LogSlice, StoreError> {
    let execution = row::find(store.records.readers(), id)
        .await?
        .ok_or(StoreError::NotFound(id))?;
    let State::RequirementNotMet { reason } = &execution.state else {
        return Ok(LogSlice {
            next: from,
            ..LogSlice::default()
        });
    };
    let end = LogEnd {
        status: execution.status(),
        exit_code: None,
        signal: None,
        reason: Some(reason.clone()),
        bytes: 0,
        log_complete: true,
    };
    let event = NumberedEvent {
        number: 0,
        event: LogEvent {
            offset: 0,
            kind: LogEventKind::End(end),
        },
    };
    Ok(LogSlice {
        chunks: Vec::new(),
        events: Some(event)
            .filter(|event| event.number >= from.event_number)
            .into_iter()
            .collect(),
        next: LogPosition {
            offset: 0,
            event_number: 1,
        },
    })
}

/// The chunks from the one that holds the offset on. Each begins where the one before ends, so those that are
/// needed are known by their offsets alone.
async fn chunks(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    from: u64,
    bytes: usize,
) -> Result<Vec<StoredChunk>, StoreError> {
    let rows = sqlx::query(
        "SELECT offset, length, codec, bytes FROM chunk
          WHERE execution_id = ?1
            AND offset >= (SELECT max(offset) FROM chunk WHERE execution_id = ?1 AND offset <= ?2)
            AND offset < ?3 AND offset + length > ?2
          ORDER BY offset",
    )
    .bind(id.as_i64())
    .bind(signed(from))
    .bind(signed(from.saturating_add(bytes.max(1) as u64)))
    .fetch_all(connection)
    .await
    .map_err(failed("read a log"))?;
    let mut chunks = Vec::with_capacity(rows.len());
    for row in &rows {
        chunks.push(chunk(row, id, from).await?);
    }
    Ok(chunks)
}

async fn chunk(
    row: &sqlx::sqlite::SqliteRow,
    id: ExecutionId,
    from: u64,
) -> Result<StoredChunk, StoreError> {
    let offset: i64 = row
        .try_get("offset")
        .map_err(failed("read a chunk's offset"))?;
    let place = format!("the chunk at {offset} of the log of execution {id}");
    let columns = Columns::new(row, place.clone());
    let length: i64 = columns.get("length")?;
    let length = usize::try_from(length).map_err(|error| damaged(place.clone(), error))?;
    let bytes = codec::unpack(columns.get("codec")?, columns.get("bytes")?, length, place).await?;
    let offset = unsigned(offset);
    let skipped = usize::try_from(from.saturating_sub(offset)).unwrap_or(length);
    Ok(StoredChunk {
        offset: offset.max(from),
        bytes: bytes.slice(skipped.min(length)..),
    })
}

async fn events(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    from: LogPosition,
    end: u64,
) -> Result<Vec<NumberedEvent>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, event FROM event
          WHERE execution_id = ? AND number >= ? AND offset >= ? AND offset <= ?
          ORDER BY number",
    )
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
