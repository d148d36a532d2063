//! The head of a stored log, and what follows from it: where a piece that somebody reads begins and ends, and
//! what must go of a log over its limit. Pure; the stores fetch and delete.

use super::{LogGap, LogPosition, LogSlice, StoredChunk};
use crate::store::NumberedEvent;

/// What is known of a log beside its chunks and events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Head {
    pub length: u64,
    pub events: u64,
    pub ended: bool,
    /// The middle that is no longer kept.
    pub missing: Option<LogGap>,
}

/// What is to be read for one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Piece {
    pub from: LogPosition,
    pub gap: Option<LogGap>,
    /// The first byte to read.
    pub begin: u64,
    /// The byte after the last that is wanted; chunks are whole, so more may come.
    pub until: u64,
}

impl Head {
    /// The piece from a position on, of at least so many bytes if they are there.
    pub(in crate::store) fn piece(&self, mut from: LogPosition, bytes: usize) -> Piece {
        if self.ended {
            // One who asks for bytes past the end must still learn that it is the end.
            from.offset = from.offset.min(self.length);
        }
        let gap = self.gap_at(from.offset);
        let begin = gap.map_or(from.offset, |gap| gap.to);
        let wanted = begin.saturating_add(bytes.max(1) as u64);
        let until = match self.missing {
            Some(missing) if begin < missing.from => wanted.min(missing.from),
            _ => wanted,
        };
        Piece {
            from,
            gap,
            begin,
            until,
        }
    }

    /// What is missing for one who reads on at this offset.
    fn gap_at(&self, offset: u64) -> Option<LogGap> {
        let missing = self.missing?;
        (missing.from..missing.to)
            .contains(&offset)
            .then_some(LogGap {
                from: offset,
                to: missing.to,
            })
    }
}

impl Piece {
    /// Where the chunks that were read for it end.
    pub(in crate::store) fn end(&self, chunks: &[StoredChunk]) -> u64 {
        chunks
            .last()
            .map_or(self.begin, |chunk| chunk.offset + chunk.bytes.len() as u64)
    }

    /// The piece with what was read for it.
    pub(in crate::store) fn slice(
        self,
        head: &Head,
        chunks: Vec<StoredChunk>,
        events: Vec<NumberedEvent>,
    ) -> LogSlice {
        let end = self.end(&chunks);
        let seen_all = end >= head.length && self.from.offset <= head.length;
        let event_number = match events.last() {
            _ if seen_all => head.events,
            Some(event) => event.number + 1,
            None => self.from.event_number,
        };
        LogSlice {
            gap: self.gap,
            chunks,
            events,
            next: LogPosition {
                offset: end,
                event_number,
            },
        }
    }
}

/// What must go of a log that is over its limit: from the beginning of a chunk up to that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Trim {
    /// What is missing already.
    missing: Option<LogGap>,
    /// The first chunk to go begins here or later, unless something is missing already.
    pub from_bound: u64,
    /// The first chunk of the tail begins here or earlier.
    pub to_bound: u64,
}

impl Trim {
    /// What must go of a log of this length; nothing, if it is within the limit.
    pub(in crate::store) fn of(length: u64, missing: Option<LogGap>, limit: u64) -> Option<Self> {
        let gone = missing.map_or(0, |missing| missing.to - missing.from);
        (length - gone > limit).then(|| Self {
            missing,
            from_bound: limit / 2,
            to_bound: length - limit / 2,
        })
    }

    /// Where what is missing begins, if something is missing already.
    pub(in crate::store) fn begun(&self) -> Option<u64> {
        self.missing.map(|missing| missing.from)
    }

    /// What is missing once the chunks between these two beginnings are gone; nothing, if that is no more than
    /// before.
    pub(in crate::store) fn between(&self, from: Option<u64>, to: Option<u64>) -> Option<LogGap> {
        let (from, to) = (from?, to?);
        let before = self.missing.map_or(from, |missing| missing.to);
        (to > before).then_some(LogGap { from, to })
    }
}
