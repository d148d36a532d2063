use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Last, Mark, Seal, digest};
use crate::store::AuditRow;

fn row() -> AuditRow {
    AuditRow {
        id: 7,
        at: Timestamp::from_microsecond(1_763_640_000_000_001).unwrap(),
        who: "ann@example.com".into(),
        action: "secret.set".into(),
        target: "say-hello/TOKEN".into(),
        source: "192.0.2.1".into(),
        result: "done".into(),
        count: 1,
        request_id: "request-1".into(),
        seal: None,
    }
}

#[test]
fn every_column_of_a_row_is_in_its_digest_but_for_the_seal() {
    let changes: [fn(&mut AuditRow); 9] = [
        |row| row.id += 1,
        |row| row.at = Timestamp::from_microsecond(row.at.as_microsecond() + 1).unwrap(),
        |row| row.who.push('x'),
        |row| row.action.push('x'),
        |row| row.target.push('x'),
        |row| row.source.push('x'),
        |row| row.result.push('x'),
        |row| row.count += 1,
        |row| row.request_id.push('x'),
    ];
    let mut digests = HashSet::from([digest(&row())]);
    for change in changes {
        let mut changed = row();
        change(&mut changed);
        digests.insert(digest(&changed));
    }
    assert_eq!(digests.len(), 10);

    let sealed = AuditRow {
        seal: Some(3),
        ..row()
    };
    assert_eq!(digest(&sealed), digest(&row()));
}

#[test]
fn a_letter_that_moves_to_the_next_column_shows() {
    let mut moved = row();
    let letter = moved.who.pop().unwrap();
    moved.action.insert(0, letter);
    assert_ne!(digest(&moved), digest(&row()));
}

#[test]
fn a_seal_says_what_it_covers_and_its_hash_is_over_all_that_it_says() {
    let last = Last::none(Uuid::nil());
    let seal = Seal::over(
        &[row(), AuditRow { id: 8, ..row() }],
        last.clone(),
        row().at,
    );

    assert_eq!((seal.number, seal.len(), seal.is_empty()), (1, 2, false));
    assert_eq!(seal.previous, last.hash);
    let lines: Vec<_> = seal.lines().collect();
    assert_eq!((lines[0].id, lines[1].id), (7, 8));
    assert_eq!(lines[0].at, row().at.as_microsecond());
    assert_eq!(lines[0].digest, digest(&row()));

    let changes: [fn(&mut Seal); 4] = [
        |seal| seal.number += 1,
        |seal| seal.at = Timestamp::UNIX_EPOCH,
        |seal| seal.previous[0] ^= 1,
        |seal| seal.contents[95] ^= 1,
    ];
    for change in changes {
        let mut changed = seal.clone();
        change(&mut changed);
        assert_ne!(changed.true_hash(), seal.true_hash());
    }
}

#[test]
fn installations_begin_with_hashes_of_their_own() {
    assert_ne!(Last::none(Uuid::nil()), Last::none(Uuid::max()));
}

/// What is stored must verify in every later version: a change here needs another word in the preimage.
#[test]
fn the_hashes_of_a_known_row_stay_what_they_are() {
    let seal = Seal::over(&[row()], Last::none(Uuid::nil()), Timestamp::UNIX_EPOCH);
    assert_eq!(seal.mark().to_string(), KNOWN);
}

/// Computed by another program, from docs/AUDIT.md.
const KNOWN: &str = "1:af8335b9b3033c0767f53df54a94f4f475fec0932817e18456d422b8fe567cec";

#[test]
fn a_mark_reads_back() {
    let text = format!("12:{}", "5e".repeat(32));
    let mark: Mark = text.parse().unwrap();
    assert_eq!((mark.number, mark.hash.len()), (12, 32));
    assert_eq!(mark.to_string(), text);
    for bad in [
        "",
        "12",
        "12:",
        "x:00",
        "12:5e",
        &format!("12:{}", "é".repeat(32)),
    ] {
        assert!(bad.parse::<Mark>().is_err(), "{bad}");
    }
}
