//! The chunks of a log on their way out.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::domain::id::ExecutionId;
use crate::store::log::{codec, signed, unsigned};
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::Columns;
use crate::store::{StoreError, StoredChunk};

pub(in crate::store::sqlite) const READ: &str = "
    SELECT offset, length, codec, bytes FROM chunk
     WHERE execution_id = ?1
       AND offset >= (SELECT max(offset) FROM chunk WHERE execution_id = ?1 AND offset <= ?2)
       AND offset < ?3 AND offset + length > ?2
     ORDER BY offset";

/// The chunks from the one that holds `from` on to the one that holds the byte before `to`. Each begins where the one before ends, so those that are
/// needed are known by their offsets alone.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    from: u64,
    to: u64,
) -> Result<Vec<StoredChunk>, StoreError> {
    let rows = sqlx::query(READ)
        .bind(id.as_i64())
        .bind(signed(from))
        .bind(signed(to))
        .fetch_all(connection)
        .await
        .map_err(failed("read a log"))?;
    let mut chunks = Vec::with_capacity(rows.len());
    for row in &rows {
        chunks.push(unpack(row, id, from).await?);
    }
    Ok(chunks)
}

async fn unpack(row: &SqliteRow, id: ExecutionId, from: u64) -> Result<StoredChunk, StoreError> {
    let offset: i64 = row
        .try_get("offset")
        .map_err(failed("read a chunk's offset"))?;
    let place = format!("the chunk at {offset} of the log of execution {id}");
    let columns = Columns::new(row, place.clone());
    let length: i64 = columns.get("length")?;
    let length =
        usize::try_from(length).map_err(|error| StoreError::damaged(place.clone(), error))?;
    let bytes = codec::unpack(columns.get("codec")?, columns.get("bytes")?, length, place).await?;
    let offset = unsigned(offset);
    let skipped = usize::try_from(from.saturating_sub(offset)).unwrap_or(length);
    Ok(StoredChunk {
        offset: offset.max(from),
        bytes: bytes.slice(skipped.min(length)..),
    })
}
