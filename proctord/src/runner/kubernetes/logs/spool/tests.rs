use std::sync::Arc;

use jiff::Timestamp;

use super::{PIECE_BYTES, Spool};
use crate::runner::OutputItem;
use crate::runner::kubernetes::logs::LogError;
use crate::runner::kubernetes::logs::cursor::{Cursor, Place, PodKey, Position};
use crate::runner::kubernetes::logs::spill::Spill;

fn cursor(number: u32) -> Cursor {
    let at = Timestamp::from_second(i64::from(number)).unwrap();
    Cursor {
        attempt: 1,
        torn: false,
        pod: PodKey {
            created_at: at,
            uid: "uid".into(),
        },
        position: Position::At(Place::line(at)),
    }
}

fn bytes(number: u32) -> Vec<u8> {
    format!("{number} ").repeat(20_000).into_bytes()
}

async fn spill_surplus(spool: &Spool, spill: &mut Spill) -> usize {
    let Some(mut surplus) = spool.surplus() else {
        return 0;
    };
    let spilled = std::mem::take(&mut surplus.bytes);
    let length = spilled.len();
    let stretch = spill.write(spilled).await.unwrap();
    spool.spilled(&surplus, &stretch);
    length
}

/// Takes everything out, in pieces of about this size; returns how many there were.
async fn take_all(spool: &Spool, limit: usize, taken: &mut Vec<u8>) -> (usize, String) {
    let (mut pieces, mut last) = (0, String::new());
    while !spool.state().entries.is_empty() {
        match spool.pop(limit).await.unwrap() {
            OutputItem::Bytes { bytes, cursor } => {
                assert!(bytes.len() <= limit.max(PIECE_BYTES), "{}", bytes.len());
                taken.extend_from_slice(&bytes);
                pieces += 1;
                last = cursor;
            }
            other => panic!("{other:?}"),
        }
    }
    (pieces, last)
}

#[tokio::test]
async fn what_is_spilled_comes_out_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut spill = Spill::to(folder.path().to_owned());
    let spool = Spool::default();
    let (mut expected, mut spilled, mut taken) = (Vec::new(), 0, Vec::new());

    for number in 0..200 {
        expected.extend(bytes(number));
        spool.push_bytes(&bytes(number), cursor(number));
        spilled += spill_surplus(&spool, &mut spill).await;
        assert!(spool.state().in_memory <= super::MEMORY_BYTES);
    }
    let (pieces, last) = take_all(&spool, 512 << 10, &mut taken).await;

    assert!(spilled > expected.len() / 2, "{spilled}");
    assert!(taken == expected, "{} of {}", taken.len(), expected.len());
    assert_eq!(last, cursor(199).text());
    assert!(pieces < 40, "{pieces}");
}

#[tokio::test]
async fn what_is_taken_while_it_is_spilled_comes_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut spill = Spill::to(folder.path().to_owned());
    let spool = Spool::default();
    let (mut expected, mut taken) = (Vec::new(), Vec::new());
    for number in 0..60 {
        expected.extend(bytes(number));
        spool.push_bytes(&bytes(number), cursor(number));
    }

    let surplus = spool.surplus().unwrap();
    let stretch = spill.write(surplus.bytes.clone()).await.unwrap();
    while taken.len() < expected.len() / 2 {
        match spool.pop(1).await.unwrap() {
            OutputItem::Bytes { bytes, .. } => taken.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    spool.spilled(&surplus, &stretch);
    take_all(&spool, 100_000, &mut taken).await;

    assert!(taken == expected, "{} of {}", taken.len(), expected.len());
}

#[tokio::test]
async fn who_waits_is_told_and_a_failure_comes_after_what_was_read() {
    let spool = Arc::new(Spool::default());
    let waiting = Arc::clone(&spool);
    let popped = async move { waiting.pop(9).await };

    let (popped, ()) = tokio::join!(popped, async {
        spool.push_bytes(b"abc", cursor(1));
        spool.close(Some(LogError::Blind));
    });

    assert!(matches!(popped, Ok(OutputItem::Bytes { bytes, .. }) if bytes == "abc"));
    assert!(matches!(spool.pop(9).await, Err(LogError::Blind)));
    spool.drained().await;
}
