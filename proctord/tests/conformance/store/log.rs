//! Logs: what may be appended, and how they end.

use proctor_api::LogEventKind;
use proctord::domain::execution::{Execution, Fence};
use proctord::store::{LogPosition, LogStanding, Store, StoreError};

use super::sample::{accept, append, gap, log_end, new_execution, noise, write};
use super::subject::Subject;

async fn whole(store: &dyn Store, execution: &Execution) -> Vec<u8> {
    let log = store
        .read_log(execution.id, LogPosition::default(), usize::MAX >> 1)
        .await;
    let log = log.unwrap();
    log.chunks
        .iter()
        .flat_map(|chunk| chunk.bytes.to_vec())
        .collect()
}

pub async fn an_append_must_continue_what_is_stored(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    write(store, append(&execution, 0, b"one ")).await.unwrap();

    for offset in [0, 3, 5, u64::MAX] {
        let refused = write(store, append(&execution, offset, b"x")).await;
        assert!(
            matches!(&refused, Err(StoreError::LogDiscontinuous { id, offset: told })
                if *id == execution.id && *told == offset),
            "{refused:?}"
        );
    }
    write(store, append(&execution, 4, b"")).await.unwrap();
    write(store, append(&execution, 4, b"two")).await.unwrap();

    assert_eq!(whole(store, &execution).await, b"one two");
}

pub async fn events_lie_within_their_append_and_are_never_an_end(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    write(store, append(&execution, 0, b"1234")).await.unwrap();
    let mut end = gap(4, "");
    end.kind = LogEventKind::End(log_end(4));

    for wrong in [gap(3, "before"), gap(7, "after"), end] {
        let mut append = append(&execution, 4, b"56");
        append.events.push(wrong);
        let refused = write(store, append).await;
        assert!(
            matches!(refused, Err(StoreError::LogDiscontinuous { .. })),
            "{refused:?}"
        );
    }
    let mut right = append(&execution, 4, b"56");
    right.events = vec![gap(4, "at the begin"), gap(6, "at the end")];
    write(store, right.clone()).await.unwrap();

    let log = store
        .read_log(execution.id, LogPosition::default(), 100)
        .await
        .unwrap();
    let events: Vec<_> = log
        .events
        .iter()
        .map(|event| (event.number, event.event.clone()))
        .collect();
    assert_eq!(
        events,
        [(0, right.events[0].clone()), (1, right.events[1].clone())]
    );
}

pub async fn the_tail_tells_the_last_cursor(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let none = store.log_tail(execution.id).await.unwrap();
    write(store, append(&execution, 0, b"hello")).await.unwrap();
    let mut moved = append(&execution, 5, b"");
    moved.cursor = "line 2, byte 0".into();
    write(store, moved).await.unwrap();

    let tail = store.log_tail(execution.id).await.unwrap();

    assert_eq!((none.offset, none.cursor), (0, None));
    assert_eq!(
        (tail.offset, tail.cursor.as_deref()),
        (5, Some("line 2, byte 0"))
    );
    let empty = store
        .read_log(
            execution.id,
            LogPosition {
                offset: 5,
                event_number: 0,
            },
            1,
        )
        .await;
    assert!(empty.unwrap().is_empty());
}

pub async fn a_lost_fence_in_a_batch_harms_nobody_else(subject: impl Subject) {
    let store = subject.store();
    let one = accept(store, new_execution("say-hello")).await;
    let mut lost = accept(store, new_execution("say-hello")).await;
    let two = accept(store, new_execution("say-hello")).await;
    lost.fence = Fence(9);

    let answers = store
        .append_log(&[
            append(&one, 0, b"one"),
            append(&lost, 0, b"lost"),
            append(&two, 7, b"discontinuous"),
            append(&two, 0, b"two"),
            append(&one, 3, b" more"),
        ])
        .await
        .unwrap();

    assert!(
        matches!(
            &answers[..],
            [
                Ok(_),
                Err(StoreError::FenceLost(_)),
                Err(StoreError::LogDiscontinuous { .. }),
                Ok(_),
                Ok(_)
            ]
        ),
        "{answers:?}"
    );
    assert_eq!(whole(store, &one).await, b"one more");
    assert_eq!(whole(store, &two).await, b"two");
    assert_eq!(whole(store, &lost).await, b"");
}

pub async fn ten_megabytes_of_any_bytes_come_back(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let noise = noise(10 << 20);
    let even = vec![b'x'; 10 << 20];

    write(store, append(&execution, 0, &noise)).await.unwrap();
    write(store, append(&execution, noise.len() as u64, &even))
        .await
        .unwrap();

    assert!(whole(store, &execution).await == [noise, even].concat());
}

pub async fn many_logs_tell_at_once_how_far_they_have_come(subject: impl Subject) {
    let store = subject.store();
    let mut executions = Vec::new();
    for _ in 0..5 {
        executions.push(accept(store, new_execution("say-hello")).await);
    }
    let [unwritten, bytes, events, closed, other] = &executions[..] else {
        unreachable!("five were accepted")
    };
    let mut with_events = append(events, 0, b"1234");
    with_events.events = vec![gap(0, "one"), gap(4, "two")];
    let appends = [
        append(bytes, 0, b"hello"),
        with_events,
        append(closed, 0, b"bye"),
        append(other, 0, b"not asked for"),
    ];
    for answer in store.append_log(&appends).await.unwrap() {
        answer.unwrap();
    }
    let end = store.finish_log(closed.id, closed.fence, log_end(3));
    end.await.unwrap();
    let standing = |execution: &Execution, offset, event_number, closed| LogStanding {
        id: execution.id,
        end: LogPosition {
            offset,
            event_number,
        },
        closed,
    };
    let unknown = 7.try_into().unwrap();

    let asked = [
        closed.id,
        bytes.id,
        unknown,
        events.id,
        unwritten.id,
        bytes.id,
    ];
    let standings = store.log_standings(&asked).await.unwrap();
    let none = store.log_standings(&[]).await.unwrap();

    assert_eq!(
        standings,
        [
            standing(bytes, 5, 0, false),
            standing(events, 4, 2, false),
            standing(closed, 3, 1, true),
        ]
    );
    assert_eq!(none, []);
}

pub async fn a_thousand_logs_are_asked_for_in_one_query(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    write(store, append(&execution, 0, b"hello")).await.unwrap();
    let first = u64::from(execution.id) - 500;
    let ids: Vec<_> = (first..first + 1000)
        .map(|id| id.try_into().unwrap())
        .collect();

    let standings = store.log_standings(&ids).await.unwrap();

    assert_eq!(standings.len(), 1);
    assert_eq!(standings[0].id, execution.id);
}
