//! The chunks of logs on their way in and out.

use sqlx::PgConnection;

use crate::domain::id::ExecutionId;
use crate::store::log::codec::{self, Packed};
use crate::store::log::{signed, unsigned};
use crate::store::postgres::fault::failed;
use crate::store::{StoreError, StoredChunk};

/// Chunks of several logs, column by column.
#[derive(Default)]
pub(super) struct Chunks {
    ids: Vec<i64>,
    offsets: Vec<i64>,
    lengths: Vec<i32>,
    codecs: Vec<String>,
    bytes: Vec<Vec<u8>>,
}

impl Chunks {
    /// Adds chunks of a log, one after the other from an offset on.
    pub(super) fn add(&mut self, id: ExecutionId, mut offset: u64, packed: Vec<Packed>) {
        for chunk in packed {
            self.ids.push(id.as_i64());
            self.offsets.push(signed(offset));
            self.lengths
                .push(i32::try_from(chunk.length).unwrap_or(i32::MAX));
            self.codecs.push(chunk.codec.to_owned());
            self.bytes.push(chunk.bytes.into());
            offset += chunk.length as u64;
        }
    }

    /// Stores them.
    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"INSERT INTO proctor.chunk (execution_id, "offset", length, codec, bytes)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::bytea[])"#,
            &self.ids,
            &self.offsets,
            &self.lengths,
            &self.codecs,
            &self.bytes,
        )
        .execute(connection)
        .await
        .map_err(failed("append to logs"))?;
        Ok(())
    }
}

/// The chunks from the one that holds `from` on to the one that holds the byte before `to`.
pub(super) async fn read(
    connection: &mut PgConnection,
    id: ExecutionId,
    from: u64,
    to: u64,
) -> Result<Vec<StoredChunk>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT "offset", length, codec, bytes FROM proctor.chunk
            WHERE execution_id = $1
              AND "offset" >= (SELECT max("offset") FROM proctor.chunk WHERE execution_id = $1 AND "offset" <= $2)
              AND "offset" < $3 AND "offset" + length > $2
            ORDER BY "offset""#,
        id.as_i64(),
        signed(from),
        signed(to),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read a log"))?;
    let mut chunks = Vec::with_capacity(rows.len());
    for row in rows {
        let place = format!("the chunk at {} of the log of execution {id}", row.offset);
        let length = usize::try_from(row.length)
            .map_err(|error| StoreError::damaged(place.clone(), error))?;
        let bytes = codec::unpack(&row.codec, row.bytes, length, place).await?;
        let offset = unsigned(row.offset);
        let skipped = usize::try_from(from.saturating_sub(offset)).unwrap_or(length);
        chunks.push(StoredChunk {
            offset: offset.max(from),
            bytes: bytes.slice(skipped.min(length)..),
        });
    }
    Ok(chunks)
}
