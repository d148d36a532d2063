//! A disk without space: what was stored stays, what does not fit is told, and all goes on once there is space.

use proctord::domain::lifecycle::Event;
use proctord::store::sqlite::SqliteStore;
use proctord::store::{LogPosition, Store, StoreError};
use tempfile::TempDir;

use crate::store::sample::{accept, append, change, entry, gap, new_execution, noise, seen};

/// A little more than what the empty files need.
const PAGES: u32 = 64;

#[tokio::test]
async fn an_accept_that_does_not_fit_is_told_and_leaves_no_trace() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open_bounded(folder.path(), Some(PAGES))
        .await
        .unwrap();
    let mut accepted = Vec::new();
    let error = loop {
        let new = new_execution("say-hello");
        match store.accept(new, None, entry("execution.create")).await {
            Ok(new) => accepted.push(new.execution().clone()),
            Err(error) => break error,
        }
    };

    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(!accepted.is_empty());
    for execution in &accepted {
        assert_eq!(seen(&store, execution).await, *execution);
    }
    // The writer must not be stuck in the transaction that failed.
    for _ in 0..3 {
        store.check().await.unwrap();
    }
    store.close().await;
    let store = SqliteStore::open(folder.path()).await.unwrap();
    change(&store, &accepted[0], Event::Create).await.unwrap();
    accept(&store, new_execution("say-hello")).await;
}

#[tokio::test]
async fn an_append_that_does_not_fit_is_told_and_leaves_no_trace() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open_bounded(folder.path(), Some(PAGES))
        .await
        .unwrap();
    let small = accept(&store, new_execution("say-hello")).await;
    let large = accept(&store, new_execution("say-hello")).await;
    let large_bytes = noise(1 << 20);
    let mut with_event = append(&small, 0, b"small");
    with_event.events.push(gap(5, "restarted"));

    let refused = store
        .append_log(&[with_event.clone(), append(&large, 0, &large_bytes)])
        .await;
    let alone = store.append_log(&[with_event]).await.unwrap();

    assert!(
        matches!(refused, Err(StoreError::Full { .. })),
        "{refused:?}"
    );
    assert!(alone[0].is_ok(), "{alone:?}");
    let log = store
        .read_log(small.id, LogPosition::default(), 100)
        .await
        .unwrap();
    assert_eq!((log.next.offset, log.events.len()), (5, 1));
    assert_eq!(store.log_tail(large.id).await.unwrap().offset, 0);
}
