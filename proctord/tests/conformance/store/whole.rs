//! The store as a whole: what it does not know, and what it still knows after it was reopened.

use proctord::domain::execution::{Execution, Fence};
use proctord::domain::lifecycle::{Ending, Event, Exit, State};
use proctord::store::{Cursor, Filter, LogPosition, Store, StoreError};

use super::sample::{
    accept, append, change, entry, gap, limited, log_end, new_execution, stop, success,
};
use super::subject::Subject;

pub async fn nothing_is_found_by_an_unknown_id(subject: impl Subject) {
    let store = subject.store();
    let mut nobody = accept(store, new_execution("say-hello")).await;
    nobody.id = 7.try_into().unwrap();
    let position = LogPosition::default();

    let known = nobody.name.clone();
    let unknown = proctord::domain::name::ExecutionName::generate();

    assert!(store.execution(nobody.id).await.unwrap().is_none());
    assert!(store.execution_named(&unknown).await.unwrap().is_none());
    let named = store.execution_named(&known).await.unwrap().unwrap();
    assert_eq!(named.name, known);
    assert!(store.steps(nobody.id).await.unwrap().is_empty());
    let errors = [
        change(store, &nobody, Event::Create).await.err(),
        store.read_log(nobody.id, position, 1).await.err(),
        store.log_tail(nobody.id).await.err(),
        store
            .finish_log(nobody.id, Fence(1), log_end(0))
            .await
            .err(),
        store
            .request_stop(nobody.id, stop(None), entry("execution.stop"))
            .await
            .err(),
        store
            .append_log(&[append(&nobody, 0, b"x")])
            .await
            .unwrap()
            .remove(0)
            .err(),
    ];
    for error in errors {
        assert!(
            matches!(error, Some(StoreError::NotFound(id)) if id == nobody.id),
            "{error:?}"
        );
    }
}

pub async fn everything_is_the_same_after_the_store_was_reopened(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    let mut bytes = append(&execution, 0, b"hello\n");
    bytes.events.push(gap(6, "restarted"));
    store.append_log(&[bytes]).await.unwrap().remove(0).unwrap();
    accept(store, limited("busy", 1)).await;
    accept(store, limited("busy", 1)).await;
    let before = everything(store, &execution).await;

    let subject = subject.reopened().await;

    assert_eq!(everything(subject.store(), &execution).await, before);
    let ended = change(subject.store(), &execution, success())
        .await
        .unwrap();
    assert!(matches!(
        ended.state,
        State::Succeeded(Ending {
            exit: Some(Exit::Code(0)),
            ..
        })
    ));
}

async fn everything(store: &dyn Store, execution: &Execution) -> String {
    let after: Option<Cursor> = None;
    let limit = 100.try_into().unwrap();
    let page = store.executions(&Filter::default(), after, limit).await;
    let log = store
        .read_log(execution.id, LogPosition::default(), 100)
        .await;
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        store.installation().await.unwrap(),
        page.unwrap().executions,
        store.steps(execution.id).await.unwrap(),
        log.unwrap(),
        store.log_tail(execution.id).await.unwrap(),
    )
}
