use bytes::Bytes;
use proctor_api::{LogEnd, LogEvent, LogEventKind, Status};

use super::{FAR_BYTES, Feed, Found, KEPT_BYTES, Step};
use crate::store::{LogGap, LogPosition, LogSlice, LogStanding, NumberedEvent, StoredChunk};

fn at(offset: u64, event_number: u64) -> LogPosition {
    LogPosition {
        offset,
        event_number,
    }
}

fn event(number: u64, offset: u64) -> NumberedEvent {
    let kind = LogEventKind::Attempt { text: "2".into() };
    let event = LogEvent { offset, kind };
    NumberedEvent { number, event }
}

fn end(number: u64, offset: u64) -> NumberedEvent {
    let end = LogEnd {
        status: Status::Succeeded,
        exit_code: Some(0),
        signal: None,
        reason: None,
        bytes: offset,
        log_complete: true,
    };
    let kind = LogEventKind::End(end);
    let event = LogEvent { offset, kind };
    NumberedEvent { number, event }
}

/// Bytes and events from a position on.
fn slice(from: LogPosition, bytes: &[u8], events: Vec<NumberedEvent>) -> LogSlice {
    LogSlice {
        gap: None,
        chunks: vec![StoredChunk {
            offset: from.offset,
            bytes: Bytes::copy_from_slice(bytes),
        }],
        next: at(
            from.offset + bytes.len() as u64,
            from.event_number + events.len() as u64,
        ),
        events,
    }
}

fn take(feed: &mut Feed, from: LogPosition, bytes: &[u8], events: Vec<NumberedEvent>) -> bool {
    feed.take(from, slice(from, bytes, events))
}

/// A log that has come so far and goes on.
fn open(end: LogPosition) -> LogStanding {
    LogStanding {
        id: 7.try_into().unwrap(),
        end,
        closed: false,
    }
}

fn is_stored(feed: &Feed, position: LogPosition) -> bool {
    matches!(feed.look(position), Found::Stored)
}

fn is_nothing(feed: &Feed, position: LogPosition) -> bool {
    matches!(feed.look(position), Found::Nothing)
}

fn piece(feed: &Feed, position: LogPosition) -> LogSlice {
    match feed.look(position) {
        Found::Piece(slice) => slice,
        other => panic!("{other:?}"),
    }
}

fn bytes(feed: &Feed, position: LogPosition) -> Vec<u8> {
    let piece = piece(feed, position);
    assert_eq!(piece.chunks[0].offset, position.offset);
    piece.chunks[0].bytes.to_vec()
}

#[test]
fn what_was_committed_is_found_from_any_byte_on() {
    let mut feed = Feed::default();
    assert!(is_stored(&feed, at(0, 0)));

    take(&mut feed, at(10, 0), b"abc", vec![]);
    take(&mut feed, at(13, 0), b"de", vec![]);

    assert!(is_stored(&feed, at(9, 0)));
    assert_eq!(bytes(&feed, at(10, 0)), b"abc");
    assert_eq!(bytes(&feed, at(12, 0)), b"c");
    assert_eq!(bytes(&feed, at(13, 0)), b"de");
    assert!(is_nothing(&feed, at(15, 0)));
    assert!(is_stored(&feed, at(16, 0)));
    feed.close();
    assert!(is_stored(&feed, at(15, 0)));
}

#[test]
fn events_come_between_the_bytes_and_nobody_is_led_past_one() {
    let mut feed = Feed::default();
    take(&mut feed, at(0, 0), b"abc", vec![]);
    take(&mut feed, at(3, 0), b"defg", vec![event(0, 3), event(1, 5)]);
    take(&mut feed, at(7, 2), b"", vec![end(2, 7)]);

    let mut position = at(1, 0);
    let mut seen = Vec::new();
    while !is_nothing(&feed, position) {
        let piece = piece(&feed, position);
        seen.push(match &piece.chunks[..] {
            [chunk] => String::from_utf8(chunk.bytes.to_vec()).unwrap(),
            _ => format!("event {}", piece.events[0].number),
        });
        position = piece.next;
    }

    assert_eq!(seen, ["bc", "event 0", "de", "event 1", "fg", "event 2"]);
    assert_eq!(position, at(7, 3));
    assert!(feed.is_closed());
    assert!(is_stored(&feed, at(4, 0)), "who has not seen event 0");
    assert!(is_stored(&feed, at(7, 0)), "who has seen no event");
}

#[test]
fn it_never_goes_back_and_never_skips() {
    let mut feed = Feed::default();
    take(&mut feed, at(0, 0), b"abcdef", vec![event(0, 6)]);

    let known = take(&mut feed, at(0, 0), b"abc", vec![]);
    let known_whole = take(&mut feed, at(0, 0), b"abcdef", vec![event(0, 6)]);
    let farther = take(&mut feed, at(9, 1), b"jk", vec![]);

    assert_eq!((known, known_whole, farther), (false, false, true));
    assert!(is_stored(&feed, at(3, 0)), "nothing from before a hole");
    assert!(is_stored(&feed, at(6, 1)));
    assert_eq!(bytes(&feed, at(10, 1)), b"k");
    assert!(is_nothing(&feed, at(11, 1)));
}

#[test]
fn who_comes_to_a_gap_reads_it_in_the_store() {
    let mut feed = Feed::default();
    take(&mut feed, at(0, 0), b"abc", vec![]);
    let mut behind = slice(at(9, 0), b"jk", vec![]);
    behind.gap = Some(LogGap { from: 3, to: 9 });

    assert!(feed.take(at(3, 0), behind));

    assert!(is_stored(&feed, at(3, 0)));
    assert!(is_stored(&feed, at(9, 0)));
    assert!(is_nothing(&feed, at(11, 0)));
}

#[test]
fn only_the_last_bytes_are_kept() {
    let mut feed = Feed::default();
    let large = vec![b'x'; KEPT_BYTES];
    take(&mut feed, at(0, 0), &large, vec![]);
    take(&mut feed, at(KEPT_BYTES as u64, 0), &large, vec![]);

    assert!(is_stored(&feed, at(0, 0)));
    assert!(feed.kept <= KEPT_BYTES);
    let last = 2 * KEPT_BYTES as u64 - 1;
    assert_eq!(bytes(&feed, at(last, 0)), b"x");
}

#[test]
fn what_the_store_says_is_read_once_for_all_unless_it_is_far() {
    let mut feed = Feed::default();

    assert_eq!(feed.weigh(Some(&open(at(5, 1)))), Step::Told);
    assert!(is_nothing(&feed, at(5, 1)));
    assert!(is_stored(&feed, at(5, 0)), "an event is yet to be seen");
    assert_eq!(feed.weigh(Some(&open(at(5, 1)))), Step::Nothing);
    assert_eq!(feed.weigh(Some(&open(at(5, 2)))), Step::Read(at(5, 1)));
    let old = feed.weigh(Some(&open(at(4, 1))));
    assert_eq!(old, Step::Nothing, "an answer that is late");
    let far = open(at(6 + FAR_BYTES, 2));
    assert_eq!(feed.weigh(Some(&far)), Step::Told);
    assert!(is_stored(&feed, at(5, 1)));
    assert!(is_nothing(&feed, far.end));
}

#[test]
fn a_closed_log_is_known_to_be_closed_once_its_end_was_told() {
    let mut feed = Feed::default();
    take(&mut feed, at(0, 0), b"abc", vec![]);
    let mut closed = open(at(3, 1));
    closed.closed = true;

    let step = feed.weigh(Some(&closed));
    let before = feed.is_closed();
    take(&mut feed, at(3, 0), b"", vec![end(0, 3)]);

    assert_eq!(
        (step, before, feed.is_closed()),
        (Step::Read(at(3, 0)), false, true)
    );
    let mut late = Feed::default();
    assert_eq!(late.weigh(Some(&closed)), Step::Told);
    assert!(late.is_closed() && is_stored(&late, at(3, 0)));
}

/// An execution that was refused has no log, but an end: it must not be taken for a log that goes on at 0.
#[test]
fn that_nothing_was_written_proves_nothing() {
    let mut feed = Feed::default();

    assert_eq!(feed.weigh(None), Step::Nothing);
    assert!(is_stored(&feed, at(0, 0)));

    take(&mut feed, at(0, 0), b"abc", vec![]);
    assert_eq!(feed.weigh(None), Step::Told, "all of it is gone");
    assert!(is_stored(&feed, at(3, 0)));
    assert_eq!(feed.weigh(None), Step::Nothing);
}
