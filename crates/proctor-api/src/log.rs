//! The log protocol `proctor.logs.v3`: binary frames carry bytes with their offset, text frames carry
//! typed events as JSON. Bytes and events never mix.

use serde::{Deserialize, Serialize};

use crate::Status;

/// Name of the websocket sub-protocol.
pub const LOG_SUBPROTOCOL: &str = "proctor.logs.v3";

/// Something that happened beside the bytes of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// The offset in the log at which it happened.
    pub offset: u64,
    #[serde(flatten)]
    pub kind: LogEventKind,
}

/// What can happen beside the bytes of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LogEventKind {
    /// A new attempt begins here.
    Attempt { text: String },
    /// Bytes are missing here.
    Gap { text: String },
    /// Nothing follows.
    End(LogEnd),
}

/// How an execution ended, told at the end of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Length of the whole log.
    pub bytes: u64,
    /// Whether every byte that the proc wrote is there.
    pub log_complete: bool,
}

/// A binary frame: the offset as eight big-endian bytes, then the bytes.
#[must_use]
pub fn encode_frame(offset: u64, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(8 + bytes.len());
    frame.extend_from_slice(&offset.to_be_bytes());
    frame.extend_from_slice(bytes);
    frame
}

/// Offset and bytes of a binary frame; `None` if it is too short to be one.
#[must_use]
pub fn decode_frame(frame: &[u8]) -> Option<(u64, &[u8])> {
    let (offset, bytes) = frame.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*offset), bytes))
}

#[cfg(test)]
mod tests {
    use super::{LogEnd, LogEvent, LogEventKind, decode_frame, encode_frame};
    use crate::Status;

    #[test]
    fn a_frame_gives_back_its_offset_and_bytes() {
        let frame = encode_frame(1 << 40, b"hello\0");
        assert_eq!(decode_frame(&frame), Some((1 << 40, b"hello\0".as_slice())));
        assert_eq!(decode_frame(b"short"), None);
    }

    #[test]
    fn an_end_event_is_one_flat_object() {
        let event = LogEvent {
            offset: 7,
            kind: LogEventKind::End(LogEnd {
                status: Status::Failed,
                exit_code: Some(3),
                signal: None,
                reason: None,
                bytes: 7,
                log_complete: true,
            }),
        };

        let json = serde_json::to_value(&event).unwrap();

        assert_eq!(
            json,
            serde_json::json!({
                "offset": 7, "event": "end", "status": "FAILED", "exit_code": 3, "bytes": 7, "log_complete": true
            })
        );
        assert_eq!(serde_json::from_value::<LogEvent>(json).unwrap(), event);
    }
}
