//! Logs that are written whole, with their end: those of executions whose rows nobody can see yet.

use std::iter::zip;

use futures::future::join_all;
use sqlx::SqliteConnection;

use super::append::{insert_chunk, insert_event};
use super::trim;
use crate::domain::id::ExecutionId;
use crate::sqlite::Database;
use crate::store::log::codec::{self, Packed};
use crate::store::log::signed;
use crate::store::sqlite::fault::failed;
use crate::store::{Imported, StoreError};

/// Writes the logs in one commit, over what an import that was cut off has left.
pub(in crate::store::sqlite) async fn write(
    logs: &Database,
    imported: &[(ExecutionId, &Imported)],
    limit: u64,
) -> Result<(), StoreError> {
    let bytes = imported.iter().map(|(_, imported)| &imported.log.bytes);
    let packed = join_all(bytes.map(|bytes| codec::pack(bytes.clone()))).await;
    let mut unit = logs
        .begin_beside()
        .await
        .map_err(failed("begin to import logs"))?;
    for ((id, imported), packed) in zip(imported, packed) {
        forget(&mut unit, *id).await?;
        write_one(&mut unit, *id, imported, packed, limit).await?;
    }
    unit.commit().await.map_err(failed("keep imported logs"))
}

async fn forget(connection: &mut SqliteConnection, id: ExecutionId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM chunk WHERE execution_id = ?",
        "DELETE FROM event WHERE execution_id = ?",
        "DELETE FROM log WHERE execution_id = ?",
    ] {
        sqlx::query(sql)
            .bind(id.as_i64())
            .execute(&mut *connection)
            .await
            .map_err(failed("clear the place of an imported log"))?;
    }
    Ok(())
}

async fn write_one(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    imported: &Imported,
    packed: Vec<Packed>,
    limit: u64,
) -> Result<(), StoreError> {
    let length = imported.log.bytes.len() as u64;
    let events = imported.events(length <= limit);
    sqlx::query(
        "INSERT INTO log (execution_id, length, cursor, events, ended) VALUES (?, ?, NULL, ?, 1)",
    )
    .bind(id.as_i64())
    .bind(signed(length))
    .bind(events.len() as i64)
    .execute(&mut *connection)
    .await
    .map_err(failed("write the head of an imported log"))?;
    let mut offset = 0;
    for chunk in packed {
        let length = chunk.length as u64;
        insert_chunk(connection, id, offset, chunk).await?;
        offset += length;
    }
    trim::to_limit(connection, id, length, limit).await?;
    for (number, event) in (0..).zip(&events) {
        insert_event(connection, id, number, event).await?;
    }
    Ok(())
}
