//! Logs over their limit: the middle goes, and every offset stays what it was.

use proctord::domain::execution::Execution;
use proctord::store::{LogPosition, Store};
use proptest::prelude::Strategy;

use super::pieces::check;
use super::sample::{accept, append, log_end, new_execution, noise, write};
use super::subject::Subject;

const LIMIT: u64 = 100;
const LONGEST: usize = 40;

/// A reader in the middle of a log that loses its middle.
struct Reader {
    position: LogPosition,
    missed: u64,
    read: u64,
}

impl Reader {
    fn at(offset: u64) -> Self {
        let position = LogPosition {
            offset,
            event_number: 0,
        };
        Self {
            position,
            missed: 0,
            read: 0,
        }
    }

    /// Reads one piece and holds every byte of it against what was written. `false` if there was none.
    async fn read_on(&mut self, store: &dyn Store, execution: &Execution, written: &[u8]) -> bool {
        let slice = store
            .read_log(execution.id, self.position, 16)
            .await
            .unwrap();
        let mut at = self.position.offset;
        if let Some(gap) = slice.gap {
            assert_eq!(gap.from, at, "a gap begins where the reader is");
            assert!(gap.to > gap.from, "{gap:?}");
            let told = gap.event();
            assert_eq!(told.offset, at);
            self.missed += gap.to - gap.from;
            at = gap.to;
        }
        for chunk in &slice.chunks {
            assert_eq!(chunk.offset, at, "chunks follow each other");
            let begin = usize::try_from(at).unwrap();
            assert_eq!(chunk.bytes, written[begin..begin + chunk.bytes.len()]);
            at += chunk.bytes.len() as u64;
            self.read += chunk.bytes.len() as u64;
        }
        assert_eq!(slice.next.offset, at);
        self.position = slice.next;
        !slice.is_empty()
    }
}

fn appends() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    let bytes = proptest::collection::vec(proptest::prelude::any::<u8>(), 1..=LONGEST);
    proptest::collection::vec((bytes, proptest::prelude::any::<bool>()), 0..30)
}

pub async fn whatever_is_appended_and_read_offsets_and_gaps_are_exact<S: Subject>(_: S) {
    let subject = S::keeping(LIMIT).await;
    let store = subject.store();
    check((appends(), 0_u64..300), async |(appends, begin)| {
        let execution = accept(store, new_execution("say-hello")).await;
        let mut written: Vec<u8> = Vec::new();
        let mut slow = Reader::at(0);
        for (bytes, reads) in appends {
            let offset = written.len() as u64;
            write(store, append(&execution, offset, &bytes))
                .await
                .unwrap();
            written.extend(bytes);
            if reads {
                slow.read_on(store, &execution, &written).await;
            }
        }
        let length = written.len() as u64;
        let begin = begin.min(length);
        let mut late = Reader::at(begin);
        for reader in [&mut slow, &mut late] {
            while reader.read_on(store, &execution, &written).await {}
            assert_eq!(reader.position.offset, length);
        }

        assert_eq!(slow.read + slow.missed, length);
        assert_eq!(late.read + late.missed, length - begin);
        assert_eq!(store.log_tail(execution.id).await.unwrap().offset, length);
        let mut whole = Reader::at(0);
        while whole.read_on(store, &execution, &written).await {}
        let slack = 2 * LONGEST as u64;
        assert!(whole.read <= LIMIT + slack, "{} bytes are kept", whole.read);
        assert!(
            whole.read >= LIMIT.min(length),
            "only {} bytes are kept",
            whole.read
        );
    });
}

pub async fn a_long_log_keeps_its_head_and_its_tail<S: Subject>(_: S) {
    let limit = 512 * 1024;
    let subject = S::keeping(limit).await;
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let written = noise(3 << 20);
    for (piece, number) in written.chunks(100_000).zip(0..) {
        let append = append(&execution, number * 100_000, piece);
        write(store, append).await.unwrap();
    }
    let end = log_end(written.len() as u64);
    store
        .finish_log(execution.id, execution.fence, end)
        .await
        .unwrap();

    let mut reader = Reader::at(0);
    while reader.read_on(store, &execution, &written).await {}
    let first = store
        .read_log(execution.id, LogPosition::default(), 1 << 20)
        .await
        .unwrap();
    let end = LogPosition {
        offset: written.len() as u64,
        event_number: 0,
    };
    let last = store.read_log(execution.id, end, 1).await.unwrap();

    assert!(first.next.offset >= limit / 2, "{:?}", first.next);
    assert!(
        reader.read >= limit && reader.read < limit + 300_000,
        "{}",
        reader.read
    );
    let proctor_api::LogEventKind::End(end) = &last.events[0].event.kind else {
        panic!("{last:?}")
    };
    assert!(!end.log_complete, "what is missing is told");
}
