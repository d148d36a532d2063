//! What a delivery tells of an execution's log: whether it is all there, and its last lines.

use proctor_api::LogEventKind;

use crate::domain::id::ExecutionId;
use crate::logs::tail::begin_of_last_lines;
use crate::store::{LogPosition, Store, StoreError};

/// How many lines are told, and how many bytes of them.
const LINES: u64 = 20;
const BYTES: u64 = 16 * 1024;

/// The end of a log, as far as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastLines {
    /// Whether the log has ended and nothing of it is missing.
    pub is_complete: bool,
    /// The last lines, of which the first may have lost its beginning.
    pub lines: String,
}

/// Whether the log of an execution has ended and is all there.
pub(super) async fn is_complete(store: &dyn Store, id: ExecutionId) -> Result<bool, StoreError> {
    let standing = store.log_standings(&[id]).await?.into_iter().next();
    // One that never ran has its end without a log.
    let end = match standing {
        None => LogPosition::default(),
        Some(standing) if !standing.closed => return Ok(false),
        Some(standing) => LogPosition {
            offset: standing.end.offset,
            event_number: standing.end.event_number.saturating_sub(1),
        },
    };
    let slice = store.read_log(id, end, 1).await?;
    Ok(slice
        .events
        .iter()
        .any(|numbered| match &numbered.event.kind {
            LogEventKind::End(end) => end.log_complete,
            _ => false,
        }))
}

/// The last lines of a log and whether it is all there.
pub(super) async fn read(store: &dyn Store, id: ExecutionId) -> Result<LastLines, StoreError> {
    let length = store.log_tail(id).await?.offset;
    let begin = begin_of_last_lines(store, id, LINES, length).await?;
    let mut position = LogPosition {
        offset: begin.max(length.saturating_sub(BYTES)),
        event_number: 0,
    };
    let mut bytes = Vec::new();
    while position.offset < length {
        let missing = usize::try_from(length - position.offset).unwrap_or(usize::MAX);
        let slice = store.read_log(id, position, missing).await?;
        if slice.chunks.is_empty() {
            break;
        }
        for chunk in slice.chunks {
            bytes.extend_from_slice(&chunk.bytes);
        }
        position = slice.next;
    }
    Ok(LastLines {
        is_complete: is_complete(store, id).await?,
        lines: String::from_utf8_lossy(&bytes).into_owned(),
    })
}
