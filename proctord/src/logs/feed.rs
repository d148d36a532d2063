//! What the followers of one log share: the bytes that were committed last, so that a thousand of them at the
//! end of a log do not each read and unpack them from the store. Bounded; whoever is further behind, or has
//! events to see, reads what is stored.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::store::{LogPosition, StoredChunk};

/// The most bytes that are kept for followers of one log.
const KEPT_BYTES: usize = 1024 * 1024;
/// The most bytes of one piece: a follower that is stuck keeps the one that it is at.
const PIECE_BYTES: usize = 64 * 1024;

/// The end of one log, from the first commit after somebody began to follow it.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pieces: VecDeque<StoredChunk>,
    kept: usize,
    /// Where the log ends and how many events it has, once a commit told.
    end: Option<LogPosition>,
    closed: bool,
}

/// What a follower finds at its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The next bytes.
    Piece(StoredChunk),
    /// Nothing; the log goes on here.
    Nothing,
    /// The store knows.
    Stored,
}

impl Feed {
    /// Takes what was committed: bytes at an offset, after which the log has so many events.
    pub(super) fn appended(&mut self, offset: u64, mut bytes: Bytes, events: u64) {
        let before = LogPosition {
            offset,
            event_number: events,
        };
        // With an event between, pieces from before it would lead past it.
        if self.end != Some(before) {
            self.pieces.clear();
            self.kept = 0;
        }
        let mut at = offset;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
            let length = piece.len();
            self.pieces.push_back(StoredChunk {
                offset: at,
                // A copy, so that a small piece does not keep a large buffer.
                bytes: Bytes::copy_from_slice(&piece),
            });
            at += length as u64;
            self.kept += length;
        }
        while self.kept > KEPT_BYTES {
            let Some(oldest) = self.pieces.pop_front() else {
                break;
            };
            self.kept -= oldest.bytes.len();
        }
        self.end = Some(LogPosition {
            offset: at,
            event_number: events,
        });
    }

    /// Notes that the log was closed.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// What comes at this position.
    pub(super) fn look(&self, position: LogPosition) -> Found {
        let Some(end) = self.end else {
            return Found::Stored;
        };
        if position.event_number != end.event_number {
            return Found::Stored;
        }
        if position.offset == end.offset && !self.closed {
            return Found::Nothing;
        }
        let behind = self
            .pieces
            .partition_point(|piece| piece.offset <= position.offset);
        let piece = behind.checked_sub(1).and_then(|at| self.pieces.get(at));
        let Some(piece) = piece else {
            return Found::Stored;
        };
        let known = usize::try_from(position.offset - piece.offset).unwrap_or(usize::MAX);
        if known >= piece.bytes.len() {
            return Found::Stored;
        }
        Found::Piece(StoredChunk {
            offset: position.offset,
            bytes: piece.bytes.slice(known..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Feed, Found, KEPT_BYTES, LogPosition};

    fn at(offset: u64, event_number: u64) -> LogPosition {
        LogPosition {
            offset,
            event_number,
        }
    }

    fn bytes(found: Found) -> Vec<u8> {
        match found {
            Found::Piece(piece) => piece.bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_committed_is_found_from_any_byte_on() {
        let mut feed = Feed::default();
        assert_eq!(feed.look(at(0, 0)), Found::Stored);

        feed.appended(10, Bytes::from_static(b"abc"), 0);
        feed.appended(13, Bytes::from_static(b"de"), 0);

        assert_eq!(feed.look(at(9, 0)), Found::Stored);
        assert_eq!(bytes(feed.look(at(10, 0))), b"abc");
        assert_eq!(bytes(feed.look(at(12, 0))), b"c");
        assert_eq!(bytes(feed.look(at(13, 0))), b"de");
        assert_eq!(feed.look(at(15, 0)), Found::Nothing);
        assert_eq!(feed.look(at(16, 0)), Found::Stored);
        feed.close();
        assert_eq!(feed.look(at(15, 0)), Found::Stored);
    }

    #[test]
    fn nobody_is_led_past_an_event_that_was_not_seen() {
        let mut feed = Feed::default();
        feed.appended(0, Bytes::from_static(b"abc"), 0);
        feed.appended(3, Bytes::new(), 1);
        feed.appended(3, Bytes::from_static(b"de"), 1);

        assert_eq!(feed.look(at(0, 0)), Found::Stored);
        assert_eq!(feed.look(at(3, 0)), Found::Stored);
        assert_eq!(bytes(feed.look(at(3, 1))), b"de");
    }

    #[test]
    fn only_the_last_bytes_are_kept() {
        let mut feed = Feed::default();
        let bytes = Bytes::from(vec![b'x'; KEPT_BYTES]);
        feed.appended(0, bytes.clone(), 0);
        feed.appended(bytes.len() as u64, bytes, 0);

        assert_eq!(feed.look(at(0, 0)), Found::Stored);
        assert!(feed.kept <= KEPT_BYTES);
        assert!(matches!(
            feed.look(at(KEPT_BYTES as u64, 0)),
            Found::Piece(_)
        ));
    }
}
