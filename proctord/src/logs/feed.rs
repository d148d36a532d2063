//! What the followers of one log share: what was committed last, so that a thousand of them at the end of a log
//! do not each read and unpack it from the store. Bounded; whoever is further behind reads what is stored. It
//! is told by those that append here and by those that look at the store, in whatever order; it never goes back.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::store::{LogPosition, LogSlice, LogStanding, NumberedEvent, StoredChunk};

/// The most bytes that are kept for followers of one log.
const KEPT_BYTES: usize = 1024 * 1024;
/// The most bytes that are read for all followers when a log is found further on: of more each reads its own.
const FAR_BYTES: u64 = 8 * 1024 * 1024;
/// The most bytes of one piece: a follower that is stuck keeps the one that it is at.
const PIECE_BYTES: usize = 64 * 1024;
/// What a piece counts beside its bytes, so that many small ones are not for nothing.
const PIECE_COST: usize = 128;

/// The end of one log, as far as this replica has been told.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Each begins where the one before ends, the last one ends at `end`.
    pieces: VecDeque<Piece>,
    kept: usize,
    /// Where the log ends, once somebody told.
    end: Option<LogPosition>,
    /// Whether nothing more will come behind what was told.
    closed: bool,
}

#[derive(Debug)]
struct Piece {
    from: LogPosition,
    what: What,
}

#[derive(Debug)]
enum What {
    Bytes(Bytes),
    Event(NumberedEvent),
}

/// What a follower finds at its place.
#[derive(Debug)]
pub(super) enum Found {
    /// What comes next.
    Piece(LogSlice),
    /// Nothing; the log goes on here.
    Nothing,
    /// The store knows.
    Stored,
}

/// What is to be done about a log that has come so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The followers know as much.
    Nothing,
    /// The followers are to look for themselves.
    Told,
    /// What is stored from here on is to be read for all of them.
    Read(LogPosition),
}

impl Feed {
    /// Takes what is stored from a position on, and tells whether that was new.
    pub(super) fn take(&mut self, from: LogPosition, slice: LogSlice) -> bool {
        if self.end.is_some_and(|end| slice.next <= end) {
            return false;
        }
        // With something between, pieces from before it would lead past it; and who comes to a gap is to be told.
        if self.end != Some(from) || slice.gap.is_some() {
            self.clear();
        }
        let next = slice.next;
        self.closed |= slice.has_end();
        if slice.gap.is_none() {
            self.keep(from, slice);
        }
        self.end = Some(next);
        true
    }

    /// Has everybody look for themselves: what was told is not known to be the end, or cannot be read for all.
    pub(super) fn forget(&mut self) -> bool {
        self.clear();
        self.end = None;
        true
    }

    /// Notes that the log was closed: whoever follows is to look for the end. That is news, whatever was told.
    pub(super) fn close(&mut self) -> bool {
        self.forget();
        self.closed = true;
        true
    }

    /// Whether all that will ever come has been told.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Where the log ends, as far as it was told.
    pub(super) fn end(&self) -> Option<LogPosition> {
        self.end
    }

    /// What is to be done about what the store says of the log, if it says anything.
    pub(super) fn weigh(&mut self, standing: Option<&LogStanding>) -> Step {
        let Some(standing) = standing else {
            // Nothing was written yet, which proves no end: that of a refused execution is told by its row. Or
            // all of it is gone, and whoever follows is to find that out.
            if self.end.is_none() {
                return Step::Nothing;
            }
            self.forget();
            return Step::Told;
        };
        let step = match self.end {
            Some(end) if standing.end <= end => Step::Nothing,
            Some(end) if standing.end.offset - end.offset <= FAR_BYTES => return Step::Read(end),
            _ => {
                self.clear();
                self.end = Some(standing.end);
                Step::Told
            }
        };
        self.closed |= standing.closed;
        step
    }

    /// What comes at this position.
    pub(super) fn look(&self, position: LogPosition) -> Found {
        if self.end == Some(position) {
            return Found::Nothing;
        }
        let behind = self.pieces.partition_point(|piece| piece.from <= position);
        let piece = behind.checked_sub(1).and_then(|at| self.pieces.get(at));
        piece
            .and_then(|piece| piece.at(position))
            .map_or(Found::Stored, Found::Piece)
    }

    fn keep(&mut self, mut from: LogPosition, slice: LogSlice) {
        // Among the parts the events stand in the same order.
        let numbers: Vec<_> = slice.events.iter().map(|event| event.number).collect();
        let mut numbers = numbers.into_iter();
        for part in slice.into_parts() {
            match part {
                Ok(chunk) => from = self.keep_bytes(from, chunk.bytes),
                Err(event) => {
                    let number = numbers.next().unwrap_or(from.event_number);
                    let what = What::Event(NumberedEvent { number, event });
                    from = self.push(Piece { from, what });
                }
            }
        }
    }

    fn keep_bytes(&mut self, mut from: LogPosition, mut bytes: Bytes) -> LogPosition {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
            // A copy, so that a small piece does not keep a large buffer.
            let what = What::Bytes(Bytes::copy_from_slice(&piece));
            from = self.push(Piece { from, what });
        }
        from
    }

    /// Adds a piece and lets the oldest ones go; answers where it ends.
    fn push(&mut self, piece: Piece) -> LogPosition {
        let end = piece.end();
        self.kept += piece.cost();
        self.pieces.push_back(piece);
        while self.kept > KEPT_BYTES {
            let Some(oldest) = self.pieces.pop_front() else {
                break;
            };
            self.kept -= oldest.cost();
        }
        end
    }

    fn clear(&mut self) {
        self.pieces.clear();
        self.kept = 0;
    }
}

impl Piece {
    fn end(&self) -> LogPosition {
        match &self.what {
            What::Bytes(bytes) => LogPosition {
                offset: self.from.offset + bytes.len() as u64,
                ..self.from
            },
            What::Event(event) => LogPosition {
                event_number: event.number + 1,
                ..self.from
            },
        }
    }

    fn cost(&self) -> usize {
        match &self.what {
            What::Bytes(bytes) => bytes.len() + PIECE_COST,
            What::Event(_) => PIECE_COST,
        }
    }

    /// What of it comes at this position, if that lies in it.
    fn at(&self, position: LogPosition) -> Option<LogSlice> {
        let next = self.end();
        let slice = match &self.what {
            What::Event(event) if position == self.from => LogSlice {
                events: vec![event.clone()],
                next,
                ..LogSlice::default()
            },
            What::Bytes(bytes) if position.event_number == self.from.event_number => {
                let known = usize::try_from(position.offset - self.from.offset).ok()?;
                if known >= bytes.len() {
                    return None;
                }
                LogSlice {
                    chunks: vec![StoredChunk {
                        offset: position.offset,
                        bytes: bytes.slice(known..),
                    }],
                    next,
                    ..LogSlice::default()
                }
            }
            _ => return None,
        };
        Some(slice)
    }
}

#[cfg(test)]
mod tests;
