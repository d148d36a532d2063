use proctor_api::LogEventKind;
use proptest::prelude::{Strategy, any};
use proptest::{collection, prop_oneof, proptest, sample};

use super::{Intake, Piece, Resume};
use crate::domain::environment::Secrets;
use crate::logs::mask::Masker;

/// What a runner has: bytes one by one, and attempts between them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Raw {
    Byte(u8),
    Attempt(usize),
}

fn secrets() -> Secrets {
    let values = ["aababa", "bababb", "aababab\nabbbbb"];
    let named = values.iter().zip(["A", "B", "C"]);
    named
        .map(|(value, name)| (name.parse().unwrap(), (*value).into()))
        .collect()
}

/// Reads the output from a cursor on, in pieces of this size at most, and appends to the log until so many
/// pieces were read.
fn read(raw: &[Raw], log: &mut Log, size: usize, pieces: usize) {
    let resume = Resume::parse(log.cursor.as_deref()).unwrap();
    let from = resume
        .cursor
        .as_deref()
        .map_or(0, |text| text.parse().unwrap());
    let mut intake = Intake::new(&secrets(), resume, log.bytes.len() as u64);
    let mut at: usize = from;
    for _ in 0..pieces {
        let item = &raw[at..];
        let bytes: Vec<u8> = item
            .iter()
            .map_while(|raw| match raw {
                Raw::Byte(byte) => Some(*byte),
                Raw::Attempt(_) => None,
            })
            .take(size)
            .collect();
        match item.first() {
            None => break,
            Some(Raw::Attempt(number)) => {
                at += 1;
                let text = number.to_string();
                intake.event(LogEventKind::Attempt { text }, at.to_string());
            }
            Some(Raw::Byte(_)) => {
                at += bytes.len();
                intake.bytes(&bytes, at.to_string());
            }
        }
        log.append(intake.settle());
    }
    if at == raw.len() {
        log.append(intake.finish());
        assert_eq!(intake.offset(), log.bytes.len() as u64);
        log.ended = true;
    }
}

#[derive(Debug, Default)]
struct Log {
    bytes: Vec<u8>,
    events: Vec<(u64, String)>,
    cursor: Option<String>,
    ended: bool,
}

impl Log {
    fn append(&mut self, piece: Option<Piece>) {
        let Some(piece) = piece else { return };
        assert_eq!(piece.offset, self.bytes.len() as u64);
        self.bytes.extend(piece.bytes);
        for event in piece.events {
            let LogEventKind::Attempt { text } = event.kind else {
                panic!("{event:?}")
            };
            assert!(event.offset <= self.bytes.len() as u64);
            self.events.push((event.offset, text));
        }
        self.cursor = Some(piece.cursor);
    }
}

fn raw() -> impl Strategy<Value = Vec<Raw>> {
    let byte = sample::select(b"ab\n".to_vec()).prop_map(Raw::Byte);
    let item = prop_oneof![12 => byte, 1 => collection::vec(any::<u8>(), 0..1).prop_map(|_| Raw::Attempt(0))];
    collection::vec(item, 0..150).prop_map(|mut raw| {
        let mut number = 0;
        for item in &mut raw {
            if let Raw::Attempt(attempt) = item {
                number += 1;
                *attempt = number;
            }
        }
        raw
    })
}

proptest! {
    #[test]
    fn a_log_that_is_taken_up_again_and_again_is_that_of_one_reader(
        raw in raw(),
        lives in collection::vec((1_usize..20, 0_usize..12), 0..12),
    ) {
        let mut whole = Log::default();
        read(&raw, &mut whole, usize::MAX, usize::MAX);
        let mut log = Log::default();
        for (size, pieces) in lives {
            if !log.ended {
                read(&raw, &mut log, size, pieces);
            }
        }
        if !log.ended {
            read(&raw, &mut log, 7, usize::MAX);
        }

        let bytes: Vec<u8> = raw.iter().filter_map(|raw| match raw {
            Raw::Byte(byte) => Some(*byte),
            Raw::Attempt(_) => None,
        }).collect();
        let mut masker = Masker::new(&secrets());
        let mut expected = Vec::new();
        masker.take(&bytes);
        masker.give(masker.taken(), &mut expected);
        assert_eq!(log.bytes, expected);
        assert_eq!((&log.bytes, &log.events), (&whole.bytes, &whole.events));
        let attempts = raw.iter().filter(|raw| matches!(raw, Raw::Attempt(_))).count();
        let numbers: Vec<_> = log.events.iter().map(|(_, number)| number.clone()).collect();
        let every: Vec<_> = (1..=attempts).map(|number| number.to_string()).collect();
        assert_eq!(numbers, every);
    }
}

#[test]
fn any_cursor_of_a_runner_comes_back() {
    for cursor in [
        None,
        Some(""),
        Some("7+0"),
        Some("masked:1:2:=x"),
        Some("-"),
    ] {
        let resume = Resume {
            cursor: cursor.map(ToOwned::to_owned),
            given: 1 << 40,
            hidden: 3,
        };
        assert_eq!(Resume::parse(Some(&resume.text())), Some(resume));
    }
    let older = Resume::parse(Some("7+0")).unwrap();
    assert_eq!(older.cursor.as_deref(), Some("7+0"));
    assert_eq!((older.given, older.hidden), (0, 0));
    for bad in ["masked:", "masked:1:2:", "masked:1:2:x", "masked:x:2:-"] {
        assert_eq!(Resume::parse(Some(bad)), None, "{bad}");
    }
}
