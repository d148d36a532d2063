//! Logs as the store keeps them: chunks of bytes addressed by offset, and numbered events beside them.

pub(in crate::store) mod codec;
pub(in crate::store) mod head;
pub(in crate::store) mod unwritten;

use bytes::Bytes;
use proctor_api::{LogEvent, LogEventKind};

use super::{NumberedEvent, StoreError};
use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;

/// Bytes and events that continue one execution's log.
#[derive(Debug, Clone)]
pub struct LogAppend {
    pub id: ExecutionId,
    pub fence: Fence,
    /// Where the bytes begin; must be the end of what is stored.
    pub offset: u64,
    /// May be empty if only events are added.
    pub bytes: Bytes,
    /// Where the upstream's reader stands after these bytes, in the runner's own words.
    pub cursor: String,
    /// Events with offsets within or at the end of these bytes, in order; never the end event.
    pub events: Vec<LogEvent>,
}

impl LogAppend {
    /// Where the log ends after it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes.len() as u64)
    }
}

impl LogAppend {
    /// The first of its events that does not belong into it.
    pub(in crate::store) fn stray_event(&self) -> Option<&LogEvent> {
        self.events.iter().find(|event| {
            !(self.offset..=self.end()).contains(&event.offset)
                || matches!(event.kind, LogEventKind::End(_))
        })
    }
}

/// An event as it is stored.
pub(in crate::store) fn event_json(event: &LogEvent) -> Result<String, StoreError> {
    serde_json::to_string(event).map_err(|error| StoreError::Unavailable {
        doing: "put a log event in words",
        source: Box::new(error),
    })
}

/// A length or an offset for databases that have no unsigned numbers.
pub(in crate::store) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A length or an offset as it was stored.
pub(in crate::store) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How a log stands after an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// How many events it has; the next one's number.
    pub events: u64,
}

/// A reader's place in a log; of two places the one that is further on is greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    /// The next byte wanted.
    pub offset: u64,
    /// Events with lower numbers have been seen; a new reader at an offset begins with 0 and gets the
    /// events from its offset on.
    pub event_number: u64,
}

/// How far a log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStanding {
    pub id: ExecutionId,
    /// Where one stands who has read all of it.
    pub end: LogPosition,
    /// Whether it has its end event, so that nothing more comes.
    pub closed: bool,
}

/// Where the stored log ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogTail {
    pub offset: u64,
    /// The cursor stored with the last append.
    pub cursor: Option<String>,
}

/// Bytes at an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    pub offset: u64,
    pub bytes: Bytes,
}

/// Bytes that are no longer kept: the log is over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogGap {
    /// The first one that is missing, for the reader who asked.
    pub from: u64,
    pub to: u64,
}

impl LogGap {
    /// As two columns have it.
    pub(in crate::store) fn of(from: Option<i64>, to: Option<i64>) -> Option<Self> {
        Some(Self {
            from: unsigned(from?),
            to: unsigned(to?),
        })
    }

    /// The event that tells a reader.
    #[must_use]
    pub fn event(self) -> LogEvent {
        let missing = self.to - self.from;
        let text = format!(
            "{missing} bytes are missing here: the log is over its limit, and of its middle nothing is kept"
        );
        LogEvent {
            offset: self.from,
            kind: LogEventKind::Gap { text },
        }
    }
}

/// A piece of a log.
#[derive(Debug, Clone, Default)]
pub struct LogSlice {
    /// What is missing before the chunks.
    pub gap: Option<LogGap>,
    /// In order, each beginning where the one before ends.
    pub chunks: Vec<StoredChunk>,
    /// In order; all lie within the chunks or at their end.
    pub events: Vec<NumberedEvent>,
    /// Where to read on.
    pub next: LogPosition,
}

impl LogSlice {
    /// Whether nothing was there to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.events.is_empty() && self.gap.is_none()
    }

    /// Bytes and events in the order of their offsets; bytes are cut where an event lies in them.
    #[must_use]
    pub fn into_parts(self) -> Vec<Result<StoredChunk, LogEvent>> {
        let mut parts: Vec<_> = self.gap.map(|gap| Err(gap.event())).into_iter().collect();
        let mut events = self.events.into_iter().map(|event| event.event).peekable();
        for StoredChunk {
            mut offset,
            mut bytes,
        } in self.chunks
        {
            while !bytes.is_empty() {
                while let Some(event) = events.next_if(|event| event.offset <= offset) {
                    parts.push(Err(event));
                }
                let to_event = events.peek().map(|event| event.offset - offset);
                let most = to_event.and_then(|most| usize::try_from(most).ok());
                let piece = bytes.split_to(bytes.len().min(most.unwrap_or(usize::MAX)));
                let length = piece.len() as u64;
                parts.push(Ok(StoredChunk {
                    offset,
                    bytes: piece,
                }));
                offset += length;
            }
        }
        parts.extend(events.map(Err));
        parts
    }

    /// Whether the log ends in this piece.
    #[must_use]
    pub fn has_end(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event.event.kind, LogEventKind::End(_)))
    }
}
