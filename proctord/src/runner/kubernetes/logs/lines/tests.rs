use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Strategy, any};
use proptest::{collection, prop_assert, prop_assert_eq, prop_oneof, proptest, sample};

use super::{LONGEST_PART, Lines, Parsed, Place};

/// What the container runtime writes at once: a line, or a part of one.
#[derive(Clone)]
struct Message {
    at: Timestamp,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let begin = &self.bytes[..self.bytes.len().min(9)];
        write!(
            f,
            "{} {}x{}",
            self.at,
            begin.escape_ascii(),
            self.bytes.len()
        )
    }
}

/// The file from a message on, as the kubelet streams it: older messages are left out, and a part that follows an
/// unfinished line has no timestamp of its own, whether that line was left out or not.
fn stream(file: &[Message], since: Option<Timestamp>) -> Vec<u8> {
    let mut streamed = Vec::new();
    let mut begins_line = true;
    for message in file {
        if since.is_none_or(|since| message.at >= since) {
            if begins_line {
                streamed.extend_from_slice(format!("{:.9} ", message.at).as_bytes());
            }
            streamed.extend_from_slice(&message.bytes);
        }
        begins_line = message.bytes.ends_with(b"\n");
    }
    streamed
}

fn content(file: &[Message]) -> Vec<u8> {
    file.iter()
        .flat_map(|message| message.bytes.clone())
        .collect()
}

/// Messages of stdout and stderr. Whole lines overtake each other by less than a second, parts of lines do not; some
/// share a timestamp.
fn file() -> impl Strategy<Value = Vec<Message>> {
    let step = sample::select(vec![
        0,
        0,
        1,
        1000,
        999_999_999,
        1_500_000_000,
        -200_000_000_i64,
    ]);
    let byte = sample::select(b"ab  \xff2026-11-21T05:00:00Z ".to_vec());
    let message = (step, collection::vec(byte, 0..8), any::<bool>());
    collection::vec(message, 1..24).prop_map(|messages| {
        let mut at = Timestamp::from_second(1_800_000_000).unwrap();
        let mut begins_line = true;
        let mut may_overtake = true;
        let message = |(step, mut bytes, ends): (i64, Vec<u8>, bool)| {
            let overtakes = step < 0;
            let ends = ends || bytes.is_empty() || overtakes;
            if !overtakes || begins_line && may_overtake {
                at += SignedDuration::from_nanos(step);
            }
            match ends {
                true => bytes.push(b'\n'),
                false => bytes.resize(LONGEST_PART as usize, b'.'),
            }
            may_overtake = begins_line && ends && !overtakes;
            begins_line = ends;
            Message { at, bytes }
        };
        messages.into_iter().map(message).collect()
    })
}

/// The same with a nanosecond between any two: equal lines of one moment cannot be told from each other.
fn told_apart(mut file: Vec<Message>) -> Vec<Message> {
    for (number, message) in (0..).zip(&mut file) {
        message.at += SignedDuration::from_nanos(number);
    }
    file
}

/// A reader that stores what it reads, and where it stands.
#[derive(Default)]
struct Reader {
    taken: Vec<u8>,
    place: Option<Place>,
    missing: usize,
}

impl Reader {
    fn since(&self) -> Option<Timestamp> {
        self.place.map(|place| place.since())
    }

    /// Reads a stream in chunks of these sizes, and stores no more than so many of them: then a crash comes.
    fn read(&mut self, stream: &[u8], chunks: &[usize], stored: usize) -> Lines {
        let mut lines = self.place.map_or_else(Lines::beginning, Lines::behind);
        let mut rest = stream;
        let mut sizes = chunks.iter().cycle();
        for _ in 0..stored {
            let size = sizes.next().copied().unwrap_or(1).min(rest.len());
            let (chunk, behind) = rest.split_at(size);
            rest = behind;
            self.store(lines.take(chunk));
        }
        lines
    }

    fn store(&mut self, parsed: Parsed) {
        assert_eq!(parsed.flaw, None);
        self.missing += usize::from(parsed.missing);
        if let Some(piece) = parsed.piece {
            self.taken.extend_from_slice(&piece.bytes);
            self.place = Some(piece.to);
        }
    }
}

/// How a reader comes to an end: so many messages were written, chunks are of these sizes, so many were stored.
fn crash() -> impl Strategy<Value = (usize, Vec<usize>, usize)> {
    let size = prop_oneof![1_usize..90, 9_000_usize..40_000];
    (0_usize..40, collection::vec(size, 1..6), 0_usize..60)
}

proptest! {
    #[test]
    fn a_log_that_is_read_in_any_pieces_is_read_once(
        file in file(),
        crashes in collection::vec(crash(), 0..6),
    ) {
        let mut reader = Reader::default();
        for (messages, chunks, stored) in crashes {
            let written = &file[..messages.min(file.len())];
            reader.read(&stream(written, reader.since()), &chunks, stored);
            prop_assert!(content(&file).starts_with(&reader.taken));
        }
        let lines = reader.read(&stream(&file, reader.since()), &[7, 9_999], 900);

        prop_assert_eq!(reader.taken, content(&file));
        prop_assert_eq!(reader.missing, 0);
        prop_assert!(lines.is_settled());
    }

    #[test]
    fn what_was_rotated_away_is_missed_and_nothing_comes_twice(
        file in file().prop_map(told_apart),
        (messages, chunks, stored) in crash(),
        rotated in 0_usize..24,
    ) {
        let mut reader = Reader::default();
        reader.read(&stream(&file[..messages.min(file.len())], None), &chunks, stored);
        let before = reader.taken.len();
        let newest = &file[rotated.min(file.len())..];

        let lines = reader.read(&stream(newest, reader.since()), &[7, 9_999], 900);

        let (whole, all) = (content(&file).len(), reader.taken.len());
        prop_assert!(content(&file).ends_with(&reader.taken[before..]));
        prop_assert!(all <= whole, "{} bytes came twice", all - whole);
        // Without a place to look for, nothing is missed.
        if reader.missing == 0 && lines.is_settled() && before > 0 {
            prop_assert_eq!(all, whole);
        }
    }

    #[test]
    fn no_stream_breaks_it(chunks in collection::vec(collection::vec(any::<u8>(), 0..60), 0..9)) {
        let mut lines = Lines::beginning();
        for chunk in chunks {
            lines.take(&chunk);
        }
    }
}

#[test]
fn what_has_no_timestamp_is_named_and_what_came_before_it_is_kept() {
    let mut lines = Lines::beginning();

    let parsed = lines.take(b"2026-11-21T05:00:00.000000001+02:00 fine\nfailed to read the log\n");

    assert_eq!(parsed.piece.unwrap().bytes, b"fine\n");
    assert_eq!(
        parsed.flaw.unwrap().to_string(),
        "`failed` stands where a line's timestamp should be"
    );
}

#[test]
fn a_line_of_any_length_has_one_timestamp() {
    let mut lines = Lines::beginning();
    let mut bytes = Vec::new();

    for chunk in [
        &b"2026-11-21T05:00:00Z "[..],
        &[b' '; 40_000],
        b"2026-11-21T05:00:00Z end",
    ] {
        bytes.extend(
            lines
                .take(chunk)
                .piece
                .map(|piece| piece.bytes)
                .unwrap_or_default(),
        );
    }

    assert_eq!(bytes.len(), 40_000 + 24);
    assert!(bytes.ends_with(b"2026-11-21T05:00:00Z end"));
}
