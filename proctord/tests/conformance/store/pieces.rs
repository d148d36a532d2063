//! Whatever pieces a log is written in, and whatever pieces it is read in, it is the same log.

use proctor_api::LogEvent;
use proctord::domain::execution::Execution;
use proctord::store::{LogPosition, LogSlice, Store};
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use super::sample::{accept, append, gap, log_end, new_execution};
use super::subject::Subject;

/// What happens to a log.
#[derive(Debug, Clone)]
enum Happening {
    /// Bytes are appended, with events at these places in them.
    Append(Vec<u8>, Vec<usize>),
    /// The reader reads on, so many bytes.
    Read(usize),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..40);
    let events = proptest::collection::vec(0_usize..=40, 0..3);
    let happening = proptest::prop_oneof![
        (bytes, events).prop_map(|(bytes, mut events)| {
            events
                .iter_mut()
                .for_each(|event| *event = (*event).min(bytes.len()));
            events.sort_unstable();
            Happening::Append(bytes, events)
        }),
        (0_usize..30).prop_map(Happening::Read),
    ];
    proptest::collection::vec(happening, 0..24)
}

/// Runs the property against the store; the cases share it, each with an execution of its own.
pub fn check<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, property: impl AsyncFn(T)) {
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    tokio::task::block_in_place(|| {
        let property = |value| {
            Handle::current().block_on(property(value));
            Ok(())
        };
        TestRunner::new(config).run(&strategy, property).unwrap();
    });
}

/// A log that is written and read at the same time.
struct Reader<'s> {
    store: &'s dyn Store,
    execution: Execution,
    written: Vec<u8>,
    happened: Vec<LogEvent>,
    read: Vec<u8>,
    told: Vec<LogEvent>,
    position: LogPosition,
}

impl<'s> Reader<'s> {
    async fn new(store: &'s dyn Store) -> Self {
        Self {
            store,
            execution: accept(store, new_execution("say-hello")).await,
            written: vec![],
            happened: vec![],
            read: vec![],
            told: vec![],
            position: LogPosition::default(),
        }
    }

    async fn write(&mut self, bytes: &[u8], events: &[usize]) {
        let offset = self.written.len();
        let mut append = append(&self.execution, offset as u64, bytes);
        let event = |at: &usize| gap((offset + at) as u64, "here");
        append.events = events.iter().map(event).collect();
        self.happened.extend(append.events.clone());
        self.written.extend(bytes);
        self.store
            .append_log(&[append])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
    }

    async fn read_on(&mut self, bytes: usize) -> LogSlice {
        let slice = self
            .store
            .read_log(self.execution.id, self.position, bytes)
            .await
            .unwrap();
        for chunk in &slice.chunks {
            assert_eq!(chunk.offset, self.read.len() as u64);
            assert!(!chunk.bytes.is_empty());
            self.read.extend(&chunk.bytes);
        }
        for event in &slice.events {
            assert_eq!(event.number, self.told.len() as u64);
            self.told.push(event.event.clone());
        }
        self.position = slice.next;
        assert_eq!(self.position.offset, self.read.len() as u64);
        let due = self
            .happened
            .iter()
            .filter(|event| event.offset <= self.position.offset);
        assert!(
            self.told.len() >= due.count(),
            "an event comes after bytes that lie behind it"
        );
        let enough = self.read.len() == self.written.len()
            || slice
                .chunks
                .iter()
                .map(|chunk| chunk.bytes.len())
                .sum::<usize>()
                >= bytes;
        assert!(
            enough,
            "the piece is shorter than what was asked for and stored"
        );
        slice
    }
}

pub async fn read_in_any_pieces_a_log_is_the_same(subject: impl Subject) {
    check(happenings(), async |happenings| {
        let mut reader = Reader::new(subject.store()).await;
        for happening in happenings {
            match happening {
                Happening::Append(bytes, events) => reader.write(&bytes, &events).await,
                Happening::Read(bytes) => drop(reader.read_on(bytes).await),
            }
        }
        let Execution { id, fence, .. } = reader.execution;
        let end = log_end(reader.written.len() as u64);
        subject.store().finish_log(id, fence, end).await.unwrap();
        while !reader.read_on(5).await.has_end() {}

        assert_eq!(reader.read, reader.written);
        reader.told.pop();
        assert_eq!(reader.told, reader.happened);
        assert!(reader.read_on(5).await.is_empty());
    });
}

pub async fn a_reader_who_begins_in_the_middle_gets_the_rest(subject: impl Subject) {
    check((happenings(), 0_usize..200), async |(happenings, begin)| {
        let mut reader = Reader::new(subject.store()).await;
        for happening in happenings {
            if let Happening::Append(bytes, events) = happening {
                reader.write(&bytes, &events).await;
            }
        }
        let begin = begin.min(reader.written.len());
        let from = LogPosition {
            offset: begin as u64,
            event_number: 0,
        };

        let slice = subject
            .store()
            .read_log(reader.execution.id, from, 10_000)
            .await
            .unwrap();

        let rest: Vec<u8> = slice
            .chunks
            .iter()
            .flat_map(|chunk| chunk.bytes.to_vec())
            .collect();
        assert_eq!(rest, reader.written[begin..]);
        let told: Vec<_> = slice.events.into_iter().map(|event| event.event).collect();
        reader.happened.retain(|event| event.offset >= from.offset);
        assert_eq!(told, reader.happened);
    });
}
