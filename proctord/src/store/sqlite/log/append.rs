//! Appending to logs: many executions in one commit, each under its own fence. One that is refused changes
//! nothing and harms no other.

use futures::future::join_all;
use proctor_api::LogEvent;
use sqlx::SqliteConnection;

use super::{standing, trim};
use crate::domain::id::ExecutionId;
use crate::sqlite::Database;
use crate::store::log::codec::{self, Packed};
use crate::store::log::{event_json, signed, unsigned};
use crate::store::sqlite::fault::failed;
use crate::store::{Appended, LogAppend, StoreError};

pub(in crate::store::sqlite) const ADVANCE: &str = "
    INSERT INTO log (execution_id, length, cursor, events, ended)
    SELECT ?1, ?4, ?5, ?6, 0
     WHERE EXISTS (SELECT 1 FROM records.execution WHERE id = ?1 AND fence = ?2 AND log_open = 1)
       AND ?3 = coalesce((SELECT length FROM log WHERE execution_id = ?1), 0)
       AND NOT EXISTS (SELECT 1 FROM log WHERE execution_id = ?1 AND ended = 1)
     ON CONFLICT (execution_id) DO UPDATE
       SET length = excluded.length, cursor = excluded.cursor, events = log.events + excluded.events
    RETURNING events";

/// Appends in one commit; the answers stand in the order of the appends.
pub(in crate::store::sqlite) async fn append(
    logs: &Database,
    appends: &[LogAppend],
    limit: u64,
) -> Result<Vec<Result<Appended, StoreError>>, StoreError> {
    if appends.is_empty() {
        return Ok(Vec::new());
    }
    // Before the unit of work begins: nobody should wait for a lock because of it.
    let packed = join_all(
        appends
            .iter()
            .map(|append| codec::pack(append.bytes.clone())),
    )
    .await;
    let mut unit = logs
        .begin_beside()
        .await
        .map_err(failed("begin to append to logs"))?;
    let mut answers = Vec::with_capacity(appends.len());
    for (append, packed) in appends.iter().zip(packed) {
        let answer = append_one(&mut unit, append, packed).await?;
        if answer.is_ok() {
            trim::to_limit(&mut unit, append.id, append.end(), limit).await?;
        }
        answers.push(answer);
    }
    unit.commit()
        .await
        .map_err(failed("keep what was appended to logs"))?;
    Ok(answers)
}

async fn append_one(
    connection: &mut SqliteConnection,
    append: &LogAppend,
    packed: Vec<Packed>,
) -> Result<Result<Appended, StoreError>, StoreError> {
    if let Some(event) = append.stray_event() {
        return Ok(Err(StoreError::LogDiscontinuous {
            id: append.id,
            offset: event.offset,
        }));
    }
    let Some(events) = advance(connection, append).await? else {
        return Ok(Err(refusal(connection, append).await?));
    };
    let mut offset = append.offset;
    for chunk in packed {
        let length = chunk.length;
        insert_chunk(connection, append.id, offset, chunk).await?;
        offset += length as u64;
    }
    let first = events - append.events.len() as i64;
    for (number, event) in (first..).zip(&append.events) {
        insert_event(connection, append.id, number, event).await?;
    }
    Ok(Ok(Appended {
        events: unsigned(events),
    }))
}

/// Moves the head of the log past what is appended, if the fence holds and nothing is missing or doubled.
/// Answers how many events the log then has.
async fn advance(
    connection: &mut SqliteConnection,
    append: &LogAppend,
) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(ADVANCE)
        .bind(append.id.as_i64())
        .bind(append.fence.0)
        .bind(signed(append.offset))
        .bind(signed(append.end()))
        .bind(&append.cursor)
        .bind(append.events.len() as i64)
        .fetch_optional(connection)
        .await
        .map_err(failed("move the head of a log"))
}

async fn refusal(
    connection: &mut SqliteConnection,
    append: &LogAppend,
) -> Result<StoreError, StoreError> {
    Ok(match standing(connection, append.id, append.fence).await? {
        Err(refused) => refused,
        Ok(_) => StoreError::LogDiscontinuous {
            id: append.id,
            offset: append.offset,
        },
    })
}

/// Adds a chunk at its offset.
pub(super) async fn insert_chunk(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    offset: u64,
    packed: Packed,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO chunk (execution_id, offset, length, codec, bytes) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.as_i64())
    .bind(signed(offset))
    .bind(signed(packed.length as u64))
    .bind(packed.codec)
    .bind(Vec::from(packed.bytes))
    .execute(connection)
    .await
    .map_err(failed("append to a log"))?;
    Ok(())
}

/// Adds an event under its number.
pub(super) async fn insert_event(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    number: i64,
    event: &LogEvent,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO event (execution_id, number, offset, event) VALUES (?, ?, ?, ?)")
        .bind(id.as_i64())
        .bind(number)
        .bind(signed(event.offset))
        .bind(event_json(event)?)
        .execute(connection)
        .await
        .map_err(failed("add an event to a log"))?;
    Ok(())
}
