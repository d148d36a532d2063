//! The wish to stop.

use proctord::domain::lifecycle::{Event, Exit, State};

use super::sample::{accept, change, entry, moment, new_execution, replica, seen, stop, success};
use super::subject::Subject;

pub async fn the_first_wish_stands_with_the_shortest_grace(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let wish = async |grace| {
        let mut intent = stop(grace);
        intent.by = format!("{grace:?}");
        let wished = store.request_stop(execution.id, intent, entry("execution.stop"));
        let execution = wished.await.unwrap();
        assert_eq!(seen(store, &execution).await, execution);
        let stop = execution.stop.unwrap();
        assert_eq!(stop.by, "Some(60)");
        stop.grace_seconds
    };

    assert_eq!(wish(Some(60)).await, Some(60));
    assert_eq!(wish(Some(90)).await, Some(60));
    assert_eq!(wish(None).await, None);
    assert_eq!(wish(Some(30)).await, None);
    assert_eq!(wish(Some(0)).await, Some(0));
    assert_eq!(wish(None).await, Some(0));
    // One row for the accept, one for each wish.
    assert_eq!(subject.audit_rows().await.len(), 7);
}

pub async fn what_has_ended_gets_no_wish(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    let ended = change(store, &execution, success()).await.unwrap();

    let answer = store
        .request_stop(execution.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();

    assert_eq!(answer, ended);
    assert_eq!(seen(store, &execution).await, ended);
    assert_eq!(subject.audit_rows().await.len(), 2);
}

pub async fn an_end_after_a_wish_is_a_stop(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    store
        .request_stop(execution.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();

    let ended = change(store, &execution, success()).await.unwrap();

    let State::Stopped(ending) = ended.state else {
        panic!("{ended:?} is no stop")
    };
    assert_eq!(ending.exit, Some(Exit::Code(0)));
}

pub async fn whoever_acts_for_an_execution_finds_the_wish(subject: impl Subject) {
    let store = subject.store();
    let wished = accept(store, new_execution("say-hello")).await;
    accept(store, new_execution("say-hello")).await;
    let ended = accept(store, new_execution("say-hello")).await;
    for execution in [&wished, &ended] {
        store
            .request_stop(execution.id, stop(None), entry("execution.stop"))
            .await
            .unwrap();
    }
    let at = moment("2026-11-20T12:00:00Z");
    change(store, &ended, Event::Withdraw { at }).await.unwrap();

    let found = store.stops_of("replica-1").await.unwrap();

    assert_eq!(found, [seen(store, &wished).await]);
    assert!(store.stops_of("replica-2").await.unwrap().is_empty());
    store.adopt_host(&replica("replica-2")).await.unwrap();
    assert!(store.stops_of("replica-1").await.unwrap().is_empty());
    assert_eq!(store.stops_of("replica-2").await.unwrap().len(), 1);
}
