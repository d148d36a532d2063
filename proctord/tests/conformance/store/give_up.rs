//! Giving up what does not end.

use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Event, StopIntent};
use proctord::store::{Store, StoreError};

use super::sample::{
    accept, change, entry, limited, log_end, moment, new_execution, proc_name, replica, run, seen,
    stop, success,
};
use super::subject::Subject;

const UNCONFIRMED: &str = "node n1 has not confirmed the end since 2026-11-20T12:00:00Z";

fn word() -> StopIntent {
    StopIntent {
        by: "root@example.com".into(),
        at: moment("2026-11-20T12:30:00Z"),
        grace_seconds: None,
    }
}

async fn give_up(store: &dyn Store, execution: &Execution) -> Result<Execution, StoreError> {
    let audit = entry("execution.force_stop");
    store.give_up(execution.id, word(), audit).await
}

/// One that runs and is to be stopped.
async fn stopping(store: &dyn Store, execution: &Execution) -> Execution {
    change(store, execution, Event::Create).await.unwrap();
    change(store, execution, run()).await.unwrap();
    let wished = store.request_stop(execution.id, stop(None), entry("execution.stop"));
    wished.await.unwrap()
}

pub async fn it_is_lost_on_somebodys_word_with_all_that_an_end_causes(subject: impl Subject) {
    let store = subject.store();
    let mut new = limited("busy", 1);
    new.callback_url = Some("https://example.com/done".into());
    let execution = stopping(store, &accept(store, new).await).await;
    let waiting = accept(store, limited("busy", 1)).await;
    assert_eq!(waiting.status(), Status::Queued);
    let before = store.steps(execution.id).await.unwrap();

    let given_up = give_up(store, &execution).await.unwrap();

    assert_eq!(seen(store, &execution).await, given_up);
    assert!(given_up.is_given_up());
    assert_eq!(given_up.fence, execution.fence);
    assert_eq!(given_up.stop, execution.stop);
    let reason = given_up.state.reason().unwrap();
    assert!(
        reason.starts_with("given up by root@example.com; "),
        "{reason}"
    );
    let more = store
        .steps(execution.id)
        .await
        .unwrap()
        .split_off(before.len());
    assert_eq!((more.len(), more[0].status), (1, Status::Lost));
    assert_eq!(more[0].reason.as_deref(), Some(reason));
    let deliveries = subject.deliveries().await;
    assert_eq!(
        (deliveries.len(), &deliveries[0].payload["status"]),
        (1, &"LOST".into())
    );
    let audit = subject.audit_rows().await;
    assert_eq!(audit.last().unwrap().action, "execution.force_stop");
    let (busy, replica) = (proc_name("busy"), replica("replica-1"));
    let freed = store
        .admit_queued(proctord::store::Queues::Of(&busy), &replica)
        .await
        .unwrap();
    assert_eq!(freed[0].id, waiting.id);
}

pub async fn what_nobody_has_stopped_is_given_up_only_if_its_end_is_not_confirmed(
    subject: impl Subject,
) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    let note = async |text| {
        store
            .note_waiting(execution.id, execution.fence, Some(text))
            .await
    };
    note("an image").await.unwrap();
    let before = seen(store, &execution).await;

    let refused = give_up(store, &execution).await;

    assert!(
        matches!(refused, Err(StoreError::Forbidden(_))),
        "{refused:?}"
    );
    assert_eq!(seen(store, &execution).await, before);
    assert_eq!(subject.audit_rows().await.len(), 1);
    note(UNCONFIRMED).await.unwrap();
    let given_up = give_up(store, &execution).await.unwrap();
    let reason = given_up.state.reason().unwrap();
    assert_eq!(
        reason,
        format!("given up by root@example.com; {UNCONFIRMED}")
    );
    assert_eq!(given_up.stop, Some(word()));
    assert_eq!(given_up.waiting, None);
}

pub async fn what_has_ended_stays_as_it_ended(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    let ended = change(store, &execution, success()).await.unwrap();
    let other = accept(store, new_execution("say-hello")).await;
    let lost = stopping(store, &other).await;
    let lost = give_up(store, &lost).await.unwrap();

    for execution in [&ended, &lost] {
        assert_eq!(&give_up(store, execution).await.unwrap(), execution);
        assert_eq!(&seen(store, execution).await, execution);
    }
    // Two accepts, a stop, a word that counted and two that did not.
    assert_eq!(subject.audit_rows().await.len(), 6);
}

pub async fn of_an_end_and_somebodys_word_at_once_the_first_stands(subject: impl Subject) {
    let store = subject.store();
    for _ in 0..8 {
        let accepted = accept(store, new_execution("say-hello")).await;
        let execution = stopping(store, &accepted).await;
        let steps = store.steps(execution.id).await.unwrap().len();

        let (end, word) = futures::join!(
            change(store, &execution, success()),
            give_up(store, &execution),
        );

        let (stored, word) = (seen(store, &execution).await, word.unwrap());
        assert_eq!(word, stored);
        match end {
            Ok(ended) => assert_eq!((ended.status(), &ended), (Status::Stopped, &stored)),
            Err(StoreError::Forbidden(_)) => assert!(stored.is_given_up(), "{stored:?}"),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(store.steps(execution.id).await.unwrap().len(), steps + 1);
    }
}

pub async fn whoever_acts_for_it_finds_it_until_its_log_is_closed(subject: impl Subject) {
    let store = subject.store();
    let accepted = accept(store, new_execution("say-hello")).await;
    let given_up = stopping(store, &accepted).await;
    let given_up = give_up(store, &given_up).await.unwrap();

    let open = store.stops_of("replica-1").await.unwrap();
    let end = log_end(0);
    let finished = store.finish_log(given_up.id, given_up.fence, end).await;

    finished.unwrap();
    assert_eq!(open, [given_up]);
    assert!(store.stops_of("replica-1").await.unwrap().is_empty());
}
