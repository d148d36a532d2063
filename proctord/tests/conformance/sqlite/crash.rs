//! A crash between the two files: the end of a log is stored, and the execution's row still says it is open.

use proctor_api::{LogEventKind, Status};
use proctord::store::{LogPosition, Store, StoreError};

use super::SqliteSubject;
use crate::store::sample::{accept, append, log_end, new_execution, replica, seen, write};
use crate::store::subject::Subject;

#[tokio::test]
async fn a_log_that_ended_before_a_crash_is_closed_after_it_with_the_same_end() {
    let subject = SqliteSubject::fresh().await;
    let store = &subject.store;
    let execution = accept(store, new_execution("say-hello")).await;
    write(store, append(&execution, 0, b"hello")).await.unwrap();
    store
        .finish_log(execution.id, execution.fence, log_end(5))
        .await
        .unwrap();
    sqlx::query("UPDATE execution SET log_open = 1")
        .execute(&subject.records)
        .await
        .unwrap();

    let adopted = store
        .adopt_host(&replica("replica-2"))
        .await
        .unwrap()
        .remove(0);
    let late = write(store, append(&adopted, 5, b"late")).await;
    let mut other = log_end(5);
    other.status = Status::Lost;
    store
        .finish_log(adopted.id, adopted.fence, other)
        .await
        .unwrap();

    assert!(adopted.log_open);
    assert!(
        matches!(late, Err(StoreError::LogDiscontinuous { .. })),
        "{late:?}"
    );
    assert!(!seen(store, &adopted).await.log_open);
    let log = store
        .read_log(adopted.id, LogPosition::default(), 100)
        .await
        .unwrap();
    assert_eq!((log.next.offset, log.events.len()), (5, 1));
    assert_eq!(log.events[0].event.kind, LogEventKind::End(log_end(5)));
}
