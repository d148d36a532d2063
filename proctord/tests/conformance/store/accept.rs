//! Accepting executions, and the keys by which a repeated request finds the first one.

use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use proctor_api::{LogEventKind, Status};
use proctord::domain::execution::Fence;
use proctord::store::{Accepted, Filter, LogPosition, StoreError};

use super::sample::{accept, change, entry, key, new_execution, seen, success};
use super::subject::Subject;
use proctord::domain::lifecycle::{Event, State};

pub async fn an_accepted_execution_reads_back_as_it_was_returned(subject: impl Subject) {
    let mut new = new_execution("say-hello");
    new.callback_url = Some("https://example.com/done".into());

    let execution = accept(subject.store(), new.clone()).await;

    assert_eq!(execution.state, State::Received);
    assert_eq!(execution.plan, new.plan);
    assert_eq!(execution.name, new.name);
    assert_eq!(execution.fence, Fence(1));
    assert_eq!(
        execution.created_at.duration_until(execution.start_before),
        new.start_within
    );
    assert!(execution.log_open);
    assert_eq!(seen(subject.store(), &execution).await, execution);
    let steps = subject.store().steps(execution.id).await.unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].status, Status::Received);
    assert_eq!(steps[0].at, execution.created_at);
}

pub async fn one_that_is_refused_is_stored_with_its_reason_and_a_closed_log(subject: impl Subject) {
    let mut new = new_execution("say-hello");
    new.refusal = Some("needs a command; args.X is unknown".into());

    let execution = accept(subject.store(), new).await;

    let reason = "needs a command; args.X is unknown".to_owned();
    assert_eq!(execution.state, State::RequirementNotMet { reason });
    assert!(!execution.log_open);
    assert_eq!(seen(subject.store(), &execution).await, execution);
    let log = subject
        .store()
        .read_log(execution.id, LogPosition::default(), 1)
        .await
        .unwrap();
    assert!(log.chunks.is_empty());
    let [event] = &log.events[..] else {
        panic!("one end is expected, not {:?}", log.events)
    };
    let LogEventKind::End(end) = &event.event.kind else {
        panic!("an end is expected, not {event:?}")
    };
    assert_eq!(end.status, Status::RequirementNotMet);
    assert_eq!(end.reason.as_deref(), execution.state.reason());
    assert_eq!((end.bytes, end.log_complete), (0, true));
    let rest = subject.store().read_log(execution.id, log.next, 1).await;
    assert!(rest.unwrap().is_empty());
}

pub async fn a_repeated_request_finds_the_first_execution_as_it_stands_now(subject: impl Subject) {
    let store = subject.store();
    let first = store
        .accept(
            new_execution("say-hello"),
            key("k", "d"),
            entry("execution.create"),
        )
        .await
        .unwrap();
    change(store, first.execution(), Event::Create)
        .await
        .unwrap();
    let ended = change(store, first.execution(), success()).await.unwrap();

    let again = store
        .accept(
            new_execution("say-hello"),
            key("k", "d"),
            entry("execution.create"),
        )
        .await
        .unwrap();

    assert!(matches!(&again, Accepted::Before(execution) if *execution == ended));
    assert_eq!(subject.audit_rows().await.len(), 1);
}

pub async fn a_key_with_another_request_is_refused(subject: impl Subject) {
    let store = subject.store();
    let mut accepted = Vec::new();
    for digest in ["one", "two"] {
        let new = new_execution("say-hello");
        accepted.push(
            store
                .accept(new, key("k", digest), entry("execution.create"))
                .await,
        );
    }

    assert!(matches!(accepted[0], Ok(Accepted::New(_))));
    assert!(matches!(accepted[1], Err(StoreError::KeyReused)));
}

pub async fn a_key_is_the_users_own(subject: impl Subject) {
    for user in ["ann@example.com", "bob@example.com"] {
        let mut new = new_execution("say-hello");
        new.user = user.into();
        let accepted = subject
            .store()
            .accept(new, key("k", user), entry("execution.create"))
            .await;
        assert!(matches!(accepted, Ok(Accepted::New(_))), "{accepted:?}");
    }
}

pub async fn a_key_is_free_again_after_a_day(subject: impl Subject) {
    let store = subject.store();
    let accept = || {
        store.accept(
            new_execution("say-hello"),
            key("k", "d"),
            entry("execution.create"),
        )
    };
    let first = accept().await.unwrap();

    subject
        .age_keys(SignedDuration::from_mins(24 * 60 - 1))
        .await;
    let within = accept().await.unwrap();
    subject.age_keys(SignedDuration::from_mins(1)).await;
    let after = accept().await.unwrap();
    let again = accept().await.unwrap();

    assert!(matches!(within, Accepted::Before(_)));
    assert!(matches!(after, Accepted::New(_)));
    assert_ne!(after.execution().id, first.execution().id);
    assert!(matches!(&again, Accepted::Before(e) if e.id == after.execution().id));
}

pub async fn of_many_equal_requests_at_once_one_is_stored(subject: impl Subject) {
    let store = subject.store();
    let accepts = (0..64).map(|_| {
        store.accept(
            new_execution("say-hello"),
            key("k", "d"),
            entry("execution.create"),
        )
    });

    let accepted: Vec<_> = join_all(accepts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    let new = accepted.iter().filter(|a| matches!(a, Accepted::New(_)));
    assert_eq!(new.count(), 1);
    let first = accepted[0].execution();
    assert!(accepted.iter().all(|a| a.execution().id == first.id));
}

pub async fn a_request_that_is_given_up_is_stored_whole_or_not_at_all(subject: impl Subject) {
    let store = subject.store();
    let accept = async |number: u64| {
        let key = key(&number.to_string(), "d");
        let new = new_execution("say-hello");
        store.accept(new, key, entry("execution.create")).await
    };

    for number in 0..60 {
        // Given up at another point each time; whatever the point is, the rest must hold.
        let patience = Duration::from_micros(30 * number);
        drop(tokio::time::timeout(patience, accept(number)).await);
        let execution = accept(number).await.unwrap().execution().clone();
        assert_eq!(store.steps(execution.id).await.unwrap().len(), 1);
    }

    let page = store
        .executions(&Filter::default(), None, 100.try_into().unwrap())
        .await;
    assert_eq!(page.unwrap().executions.len(), 60);
    assert_eq!(subject.audit_rows().await.len(), 60);
}
