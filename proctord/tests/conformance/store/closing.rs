//! How logs end.

use proctor_api::{LogEventKind, Status};
use proctord::domain::execution::{Execution, Fence};
use proctord::domain::lifecycle::Event;
use proctord::store::{Change, LogPosition, StoreError};

use super::sample::{accept, append, change, log_end, new_execution, success, write};
use super::subject::Subject;

pub async fn a_log_ends_once_and_with_all_its_bytes(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let Execution { id, fence, .. } = execution;
    write(store, append(&execution, 0, b"hello")).await.unwrap();

    let short = store.finish_log(id, fence, log_end(4)).await;
    store.finish_log(id, fence, log_end(5)).await.unwrap();
    let mut other = log_end(5);
    other.status = Status::Lost;
    store.finish_log(id, fence, other).await.unwrap();
    let late = write(store, append(&execution, 5, b"late")).await;
    let lost = store.finish_log(id, Fence(0), log_end(5)).await;

    assert!(
        matches!(short, Err(StoreError::LogDiscontinuous { offset: 4, .. })),
        "{short:?}"
    );
    assert!(
        matches!(late, Err(StoreError::LogDiscontinuous { .. })),
        "{late:?}"
    );
    assert!(matches!(lost, Err(StoreError::FenceLost(_))), "{lost:?}");
    let log = store
        .read_log(id, LogPosition::default(), 100)
        .await
        .unwrap();
    assert_eq!(log.events.len(), 1);
    assert!(log.has_end());
    assert_eq!(log.events[0].event.kind, LogEventKind::End(log_end(5)));
    assert!(!store.execution(id).await.unwrap().unwrap().log_open);
}

pub async fn a_reader_past_the_end_learns_that_it_is_the_end(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    write(store, append(&execution, 0, b"hello")).await.unwrap();
    let far = LogPosition {
        offset: 1000,
        event_number: 0,
    };

    let open = store.read_log(execution.id, far, 1).await.unwrap();
    store
        .finish_log(execution.id, execution.fence, log_end(5))
        .await
        .unwrap();
    let ended = store.read_log(execution.id, open.next, 1).await.unwrap();

    assert!(open.is_empty());
    assert_eq!(open.next, far);
    assert!(ended.has_end() && ended.chunks.is_empty());
    assert_eq!(
        ended.next,
        LogPosition {
            offset: 5,
            event_number: 1
        }
    );
}

pub async fn sealed_secrets_are_kept_until_the_log_is_closed(subject: impl Subject) {
    let store = subject.store();
    let Execution { id, fence, .. } = accept(store, new_execution("say-hello")).await;
    let before = store.sealed_secrets(id).await.unwrap();
    let create = Change {
        id,
        fence,
        event: Event::Create,
        handle: None,
        sealed_secrets: Some(b"sealed".to_vec()),
    };

    let created = store.transition(create).await.unwrap();
    change(store, &created, success()).await.unwrap();
    let ended = store.sealed_secrets(id).await.unwrap();
    store.finish_log(id, fence, log_end(0)).await.unwrap();
    let closed = store.sealed_secrets(id).await.unwrap();
    let unknown = store.sealed_secrets(7.try_into().unwrap()).await;

    assert_eq!(before, None);
    assert_eq!(ended.as_deref(), Some(b"sealed".as_slice()));
    assert_eq!(closed, None);
    assert!(
        matches!(unknown, Err(StoreError::NotFound(_))),
        "{unknown:?}"
    );
}
