//! Finds where the last lines of a log begin, reading it backwards piece by piece.

use crate::domain::id::ExecutionId;
use crate::store::{LogPosition, Store, StoreError};

/// How far is read back at once.
const WINDOW_BYTES: u64 = 64 * 1024;

/// Where the last `lines` lines before `length` begin; what follows the last line feed is a line too. Not
/// further back than bytes are kept without a gap.
///
/// # Errors
/// Those of the store.
pub async fn begin_of_last_lines(
    store: &dyn Store,
    id: ExecutionId,
    lines: u64,
    length: u64,
) -> Result<u64, StoreError> {
    if lines == 0 {
        return Ok(length);
    }
    let mut left = lines;
    let mut end = length;
    while end > 0 {
        let wanted = end.saturating_sub(WINDOW_BYTES);
        let (begin, bytes) = window(store, id, wanted, end).await?;
        let behind = begin + 1..begin + 1 + bytes.len() as u64;
        for (byte, behind) in bytes.iter().rev().zip(behind.rev()) {
            if *byte == b'\n' && behind < length {
                left -= 1;
                if left == 0 {
                    return Ok(behind);
                }
            }
        }
        if begin > wanted {
            return Ok(begin);
        }
        end = wanted;
    }
    Ok(0)
}

/// The bytes up to `end`, from `begin` or from behind the last gap on.
async fn window(
    store: &dyn Store,
    id: ExecutionId,
    mut begin: u64,
    end: u64,
) -> Result<(u64, Vec<u8>), StoreError> {
    let mut bytes = Vec::new();
    let mut position = LogPosition {
        offset: begin,
        event_number: 0,
    };
    while position.offset < end {
        let missing = usize::try_from(end - position.offset).unwrap_or(usize::MAX);
        let slice = store.read_log(id, position, missing).await?;
        if let Some(gap) = slice.gap {
            begin = gap.to;
            bytes.clear();
        }
        if slice.chunks.is_empty() {
            break;
        }
        for chunk in slice.chunks {
            bytes.extend_from_slice(&chunk.bytes);
        }
        position = slice.next;
    }
    bytes.truncate(usize::try_from(end.saturating_sub(begin)).unwrap_or(usize::MAX));
    Ok((begin, bytes))
}
