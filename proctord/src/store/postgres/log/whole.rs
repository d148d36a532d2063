//! Logs that are written whole, with their end: those of executions that are imported.

use sqlx::PgConnection;

use super::chunk::Chunks;
use super::event::Events;
use super::trim;
use crate::domain::id::ExecutionId;
use crate::store::log::head::Head;
use crate::store::log::{codec, signed};
use crate::store::postgres::fault::failed;
use crate::store::{Imported, StoreError};

/// How many chunks go in one statement: 8 MiB of a log.
const CHUNKS_AT_A_TIME: usize = 128;

/// Writes the log of an execution whose row was written before.
pub(in crate::store::postgres) async fn write(
    connection: &mut PgConnection,
    id: ExecutionId,
    imported: &Imported,
    limit: u64,
) -> Result<(), StoreError> {
    let length = imported.log.bytes.len() as u64;
    let told = imported.events(length <= limit);
    let head = Head {
        length,
        events: told.len() as u64,
        ended: true,
        missing: None,
    };
    sqlx::query!(
        "INSERT INTO proctor.log (execution_id, length, events, ended) VALUES ($1, $2, $3, TRUE)",
        id.as_i64(),
        signed(head.length),
        signed(head.events),
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("write the head of an imported log"))?;
    let mut packed = codec::pack(imported.log.bytes.clone()).await;
    let mut offset = 0;
    while !packed.is_empty() {
        let piece: Vec<_> = packed.drain(..packed.len().min(CHUNKS_AT_A_TIME)).collect();
        let bytes: usize = piece.iter().map(|chunk| chunk.length).sum();
        let mut chunks = Chunks::default();
        chunks.add(id, offset, piece);
        chunks.write(&mut *connection).await?;
        offset += bytes as u64;
    }
    let mut events = Events::default();
    events.add(id, 0, &told)?;
    events.write(&mut *connection).await?;
    trim::to_limit(connection, id, head, limit).await
}
