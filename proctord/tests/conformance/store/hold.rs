//! A hold: what was accepted before it is not started until somebody says so.

use futures::future::join_all;
use jiff::SignedDuration;
use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::id::ExecutionId;
use proctord::domain::lifecycle::Event;
use proctord::domain::name::ExecutionName;
use proctord::store::{Change, Store, StoreError};

use super::sample::{
    accept, change, entry, import, imported, limited, log_end, moment, new_execution, proc_name,
    replica, run, seen, stop, success,
};
use super::subject::Subject;

async fn begin(store: &dyn Store) -> u64 {
    store.heed_hold(Some("true")).await.unwrap().unwrap()
}

async fn held(store: &dyn Store) -> Vec<Execution> {
    store.held().await.unwrap()
}

/// Who of `busy` gets a slot.
async fn admit(store: &dyn Store) -> Vec<ExecutionId> {
    let (name, replica) = (proc_name("busy"), replica("replica-1"));
    let admitted = store
        .admit_queued(proctord::store::Queues::Of(&name), &replica)
        .await
        .unwrap();
    admitted.iter().map(|execution| execution.id).collect()
}

fn refused(changed: Result<Execution, StoreError>, execution: &Execution) {
    assert!(
        matches!(changed, Err(StoreError::Held(id)) if id == execution.id),
        "{changed:?}"
    );
}

pub async fn what_is_accepted_and_not_running_is_held_and_nothing_else(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, limited("busy", 1)).await;
    let queued = accept(store, limited("busy", 1)).await;
    let created = accept(store, new_execution("say-hello")).await;
    let created = change(store, &created, Event::Create).await.unwrap();
    let running = accept(store, new_execution("say-hello")).await;
    change(store, &running, Event::Create).await.unwrap();
    let running = change(store, &running, run()).await.unwrap();
    let ended = accept(store, new_execution("say-hello")).await;
    change(store, &ended, Event::Create).await.unwrap();
    change(store, &ended, success()).await.unwrap();
    import(store, imported(7, Status::Created)).await;
    assert_eq!(store.hold().await.unwrap(), None);

    let count = begin(store).await;
    let late = accept(store, new_execution("say-hello")).await;

    let ids: Vec<_> = held(store).await.iter().map(|one| one.id).collect();
    assert_eq!(count, 3);
    assert_eq!(ids, [received.id, queued.id, created.id]);
    let hold = store.hold().await.unwrap().unwrap();
    assert_eq!(hold.held, 3);
    assert!(hold.reason.contains("PROCTOR_HOLD=true"), "{hold:?}");
    assert!(hold.since >= received.created_at && hold.since <= late.created_at);
    let told = seen(store, &received).await;
    assert_eq!(told.status(), Status::Received);
    assert!(told.to_api().waiting.unwrap().contains("proctord recover"));
    assert!(!seen(store, &running).await.held);
    change(store, &late, Event::Create).await.unwrap();
}

pub async fn one_that_is_held_does_not_become_created(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, new_execution("say-hello")).await;
    begin(store).await;
    let before = seen(store, &received).await;

    refused(change(store, &received, Event::Create).await, &received);

    assert_eq!(seen(store, &received).await, before);
    assert_eq!(store.steps(received.id).await.unwrap().len(), 1);
}

/// Whoever launches them does not know of the hold: each is created before it or refused, and never both.
pub async fn of_a_hold_and_launches_at_once_each_is_created_or_held(subject: impl Subject) {
    let store = subject.store();
    let accepts = (0..40).map(|_| accept(store, new_execution("say-hello")));
    let accepted = join_all(accepts).await;

    let launches = accepted
        .iter()
        .map(|execution| change(store, execution, Event::Create));
    let (launched, count) = futures::join!(join_all(launches), begin(store));

    assert_eq!(count, 40, "what was created before it is held as well");
    for (before, launched) in accepted.iter().zip(launched) {
        let now = seen(store, before).await;
        match launched {
            Ok(_) => assert_eq!(now.status(), Status::Created),
            Err(error) => {
                refused(Err(error), before);
                assert_eq!(now.status(), Status::Received);
            }
        }
        assert!(now.held);
    }
}

pub async fn one_that_ran_already_is_followed_and_held_no_longer(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, new_execution("say-hello")).await;
    let created = accept(store, new_execution("say-hello")).await;
    let created = change(store, &created, Event::Create).await.unwrap();
    begin(store).await;

    let found = Change {
        id: received.id,
        fence: received.fence,
        event: Event::Find,
        handle: Some("uid-1".into()),
        sealed_secrets: None,
    };
    let found = store.transition(found).await.unwrap();
    let running = change(store, &created, run()).await.unwrap();

    assert_eq!(found.status(), Status::Created);
    assert_eq!(found.handle.as_deref(), Some("uid-1"));
    assert!(!found.held && !running.held);
    assert_eq!(held(store).await, []);
}

pub async fn one_that_is_held_is_not_admitted_and_stands_in_nobody_s_way(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    change(store, &running, Event::Create).await.unwrap();
    let running = change(store, &running, run()).await.unwrap();
    let old = accept(store, limited("busy", 1)).await;
    begin(store).await;
    change(store, &running, success()).await.unwrap();
    let none = admit(store).await;
    let new = accept(store, limited("busy", 1)).await;
    change(store, &new, Event::Create).await.unwrap();
    change(store, &new, success()).await.unwrap();
    store
        .release(old.id, entry("execution.release"))
        .await
        .unwrap();
    let released = admit(store).await;

    assert_eq!(none, []);
    assert_eq!(new.status(), Status::Received);
    assert_eq!(released, [old.id]);
}

pub async fn one_that_was_admitted_gives_its_slot_back(subject: impl Subject) {
    let store = subject.store();
    let first = accept(store, limited("busy", 1)).await;
    let waiting = accept(store, limited("busy", 1)).await;
    change(store, &first, Event::Create).await.unwrap();
    change(store, &first, success()).await.unwrap();
    admit(store).await;
    let admitted = seen(store, &waiting).await;
    begin(store).await;

    refused(change(store, &admitted, Event::Create).await, &waiting);
    let new = accept(store, limited("busy", 1)).await;

    assert_eq!(new.status(), Status::Received);
    assert_eq!(admit(store).await, []);
}

pub async fn released_it_goes_on_with_all_its_time(subject: impl Subject) {
    let store = subject.store();
    let first = accept(store, new_execution("say-hello")).await;
    let second = accept(store, new_execution("say-hello")).await;
    let minutes_ago = store.clock().await.unwrap() - SignedDuration::from_mins(9);
    subject.set_created_at(first.id, minutes_ago).await;
    begin(store).await;
    let has = first.start_before.duration_since(minutes_ago);

    let released = store
        .release(first.id, entry("execution.release"))
        .await
        .unwrap();

    let now = store.clock().await.unwrap();
    assert!(!released.held);
    assert!(released.start_before > now + has - SignedDuration::from_mins(1));
    assert_eq!(seen(store, &first).await, released);
    assert_eq!(store.hold().await.unwrap().unwrap().held, 1);
    change(store, &released, Event::Create).await.unwrap();
    store
        .release(second.id, entry("execution.release"))
        .await
        .unwrap();
    assert_eq!(store.hold().await.unwrap(), None);
    let again = store.release(second.id, entry("execution.release")).await;
    assert!(matches!(again, Err(StoreError::NotHeld(id)) if id == second.id));
    let actions: Vec<_> = subject
        .audit_rows()
        .await
        .into_iter()
        .map(|row| row.action)
        .collect();
    assert_eq!(actions[2..], ["execution.release", "execution.release"]);
}

pub async fn failed_it_ends_with_the_reason_and_its_delivery(subject: impl Subject) {
    let store = subject.store();
    let mut new = limited("busy", 1);
    new.callback_url = Some("https://example.com/done".into());
    let execution = accept(store, new).await;
    let created = accept(store, new_execution("say-hello")).await;
    change(store, &created, Event::Create).await.unwrap();
    begin(store).await;

    let failed = store
        .fail_held(execution.id, "as ann decided", entry("execution.fail"))
        .await
        .unwrap();
    store
        .finish_log(failed.id, failed.fence, log_end(0))
        .await
        .unwrap();
    let created = store
        .fail_held(created.id, "as ann decided", entry("execution.fail"))
        .await
        .unwrap();

    assert_eq!(failed.status(), Status::CreationFailed);
    assert_eq!(failed.state.reason(), Some("as ann decided"));
    assert!(!failed.held);
    assert_eq!(created.status(), Status::CreationFailed);
    assert_eq!(store.hold().await.unwrap(), None);
    let steps = store.steps(failed.id).await.unwrap();
    assert_eq!(steps.last().unwrap().status, Status::CreationFailed);
    assert_eq!(subject.deliveries().await.len(), 1);
    assert_eq!(
        subject.audit_rows().await.last().unwrap().action,
        "execution.fail"
    );
    let late = change(store, &execution, Event::Create).await;
    assert!(matches!(late, Err(StoreError::Forbidden(_))), "{late:?}");
    assert_eq!(
        accept(store, limited("busy", 1)).await.status(),
        Status::Received,
        "its slot is free"
    );
    let again = store
        .fail_held(execution.id, "again", entry("execution.fail"))
        .await;
    assert!(matches!(again, Err(StoreError::NotHeld(_))), "{again:?}");
}

pub async fn one_that_is_held_can_be_stopped(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    begin(store).await;
    store
        .request_stop(execution.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();

    let at = moment("2026-11-20T12:00:01Z");
    let stopped = change(store, &execution, Event::Withdraw { at })
        .await
        .unwrap();

    assert_eq!(stopped.status(), Status::Stopped);
    assert_eq!(held(store).await, []);
    assert_eq!(store.hold().await.unwrap().unwrap().held, 0);
    store.end_hold(entry("hold.end")).await.unwrap();
    assert_eq!(store.hold().await.unwrap(), None);
}

pub async fn a_word_is_heeded_once(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;

    let first = store.heed_hold(Some("true")).await.unwrap();
    store
        .release(execution.id, entry("execution.release"))
        .await
        .unwrap();
    let restarted = store.heed_hold(Some("true")).await.unwrap();
    let other = store.heed_hold(Some("second")).await.unwrap();
    let still_held = store.end_hold(entry("hold.end")).await;
    let without = store.heed_hold(None).await.unwrap();
    let again = store.heed_hold(Some("true")).await.unwrap();

    assert_eq!((first, restarted, other), (Some(1), None, Some(1)));
    assert_eq!((without, again), (None, Some(1)));
    assert!(
        matches!(still_held, Err(StoreError::StillHeld(1))),
        "{still_held:?}"
    );
}

pub async fn a_hold_outlives_a_restart_and_an_adoption(subject: impl Subject) {
    let execution = accept(subject.store(), new_execution("say-hello")).await;
    begin(subject.store()).await;
    let hold = subject.store().hold().await.unwrap();

    let subject = subject.reopened().await;
    let store = subject.store();
    let adopted = store.adopt_host(&replica("replica-2")).await.unwrap();

    assert_eq!(store.hold().await.unwrap(), hold);
    assert!(adopted[0].held);
    refused(change(store, &adopted[0], Event::Create).await, &execution);
}

pub async fn a_stranger_has_a_hold_begin_once(subject: impl Subject) {
    let store = subject.store();
    let known = accept(store, new_execution("say-hello")).await;
    let mut strangers = [ExecutionName::generate(), ExecutionName::generate()];
    strangers.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    let notice =
        |names: Vec<ExecutionName>| async move { store.notice_strangers(&names).await.unwrap() };

    let nobody = notice(vec![known.name.clone()]).await;
    let first = notice(vec![known.name.clone(), strangers[1].clone()]).await;
    let late = accept(store, new_execution("say-hello")).await;
    let another = notice(strangers.to_vec()).await;
    store
        .release(known.id, entry("execution.release"))
        .await
        .unwrap();
    let again = notice(strangers.to_vec()).await;

    assert_eq!((nobody.strangers.len(), nobody.held), (0, None));
    assert_eq!(
        (&first.strangers[..], first.held),
        (&strangers[1..], Some(1))
    );
    assert_eq!((another.strangers.len(), another.held), (2, Some(1)));
    assert!(
        !seen(store, &late).await.held,
        "it was accepted after the hold began"
    );
    assert_eq!((again.strangers.len(), again.held), (2, None));
    assert_eq!(store.hold().await.unwrap(), None);
    let kept = store.strangers().await.unwrap();
    let kept: Vec<_> = kept.into_iter().map(|stranger| stranger.name).collect();
    assert_eq!(kept, strangers);
}
