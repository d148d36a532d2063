//! A flood of log bytes and the rest of the store do not wait for each other. The flood is a transaction of
//! another handle that stays open, so nothing here depends on how fast anything is.

use std::sync::Arc;

use proctord::domain::lifecycle::Event;
use proctord::store::sqlite::SqliteStore;
use proctord::store::{Filter, LogPosition, Store};

use super::{SqliteSubject, second_handle};
use crate::store::sample::{
    accept, append, change, entry, key, new_execution, replica, seen, stop, success,
};
use crate::store::subject::Subject;

#[tokio::test]
async fn an_accept_does_not_wait_for_a_log_that_is_being_written() {
    let subject = SqliteSubject::fresh().await;
    let store = &subject.store;
    let before = accept(store, new_execution("say-hello")).await;
    let written = store.append_log(&[append(&before, 0, b"before")]).await;
    written.unwrap().remove(0).unwrap();
    let logs = second_handle(&subject.folder.path().join("logs.db")).await;
    let mut flood = logs.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let chunk = "INSERT INTO chunk VALUES (?, 6, 5, 'raw', x'0000000000')";
    sqlx::query(chunk)
        .bind(before.id.as_i64())
        .execute(&mut *flood)
        .await
        .unwrap();

    let execution = accept(store, new_execution("say-hello")).await;
    let mut refused = new_execution("say-hello");
    refused.refusal = Some("needs a command".into());
    let refused = accept(store, refused).await;
    let keyed = store
        .accept(
            new_execution("say-hello"),
            key("k", "d"),
            entry("execution.create"),
        )
        .await;
    store
        .request_stop(before.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, success()).await.unwrap();
    let listed = store
        .executions(&Filter::default(), None, 10.try_into().unwrap())
        .await;
    let read = store
        .read_log(before.id, LogPosition::default(), 100)
        .await
        .unwrap();
    let end = store
        .read_log(refused.id, LogPosition::default(), 100)
        .await
        .unwrap();
    store.check().await.unwrap();

    assert!(keyed.is_ok());
    assert_eq!(listed.unwrap().executions.len(), 4);
    assert_eq!(read.next.offset, 6);
    assert!(end.has_end());
    flood.rollback().await.unwrap();
}

#[tokio::test]
async fn an_append_does_not_wait_for_an_accept_that_is_under_way() {
    let subject = SqliteSubject::fresh().await;
    let store = &subject.store;
    let execution = accept(store, new_execution("say-hello")).await;
    let mut busy = subject.records.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("UPDATE execution SET updated_at = updated_at + 1")
        .execute(&mut *busy)
        .await
        .unwrap();

    let written = store
        .append_log(&[append(&execution, 0, b"hello")])
        .await
        .unwrap();

    assert!(written[0].is_ok(), "{written:?}");
    busy.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_waits_for_the_append_that_saw_the_fence_before_it() {
    let subject = SqliteSubject::fresh().await;
    let store = Arc::new(SqliteStore::open(subject.folder.path()).await.unwrap());
    let execution = accept(&*store, new_execution("say-hello")).await;
    let logs = second_handle(&subject.folder.path().join("logs.db")).await;
    let append = logs.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let adopter = Arc::clone(&store);
    let tasks = tokio_util::task::TaskTracker::new();
    let adoption = tasks.spawn(async move { adopter.adopt_host(&replica("replica-2")).await });
    while seen(&subject.store, &execution).await.fence == execution.fence {
        assert!(!adoption.is_finished());
        tokio::task::yield_now().await;
    }
    let waits = !adoption.is_finished();
    append.rollback().await.unwrap();

    assert!(waits);
    assert_eq!(adoption.await.unwrap().unwrap().len(), 1);
}
