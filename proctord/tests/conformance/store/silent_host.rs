//! Hosts that are silent for good: what was theirs is taken over, and nothing else.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use proctord::domain::execution::{Execution, Fence};
use proctord::domain::lifecycle::Event;
use proctord::store::{NewExecution, Replica, Store, StoreError};

use super::sample::{accept, change, limited, log_end, new_execution, replica, seen, success};
use super::subject::Subject;

const LIFETIME: SignedDuration = SignedDuration::from_secs(30);
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
const MANY: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// A replica that is on another host.
fn elsewhere() -> Replica {
    Replica {
        id: "replica-2".into(),
        host: "host-of-2".into(),
    }
}

/// The first replica says its last word, and the other one speaks that much later.
async fn silent_for(subject: &impl Subject, time: SignedDuration) {
    let store = subject.store();
    store
        .renew_lease(&replica("replica-1"), LIFETIME)
        .await
        .unwrap();
    subject.age_leases(time).await;
    store.renew_lease(&elsewhere(), LIFETIME).await.unwrap();
}

async fn adopt(store: &dyn Store) -> Vec<Execution> {
    let replica = elsewhere();
    let adopted = store.adopt_from_silent_hosts(&replica, PATIENCE, MANY);
    adopted.await.unwrap()
}

fn anywhere() -> NewExecution {
    let mut new = new_execution("say-hello");
    new.host = None;
    new
}

pub async fn what_a_silent_host_has_left_is_taken_over_and_keeps_its_host(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    change(store, &running, Event::Create).await.unwrap();
    let queued = accept(store, limited("busy", 1)).await;
    let open = accept(store, new_execution("say-hello")).await;
    let done = accept(store, new_execution("say-hello")).await;
    for execution in [&open, &done] {
        change(store, execution, Event::Create).await.unwrap();
        change(store, execution, success()).await.unwrap();
    }
    let closed = store.finish_log(done.id, done.fence, log_end(0));
    closed.await.unwrap();
    let done = seen(store, &done).await;
    let of_no_host = accept(store, anywhere()).await;
    silent_for(&subject, PATIENCE + LIFETIME).await;
    let last_word = store.last_word_of(&running.host.clone().unwrap()).await;

    let adopted = adopt(store).await;

    let ids: Vec<_> = adopted.iter().map(|execution| execution.id).collect();
    assert_eq!(ids, [running.id, queued.id, open.id]);
    for execution in &adopted {
        assert_eq!(execution.owner, "replica-2");
        assert_eq!(execution.host, running.host);
        assert_eq!(execution.fence, Fence(2));
        assert_eq!(&seen(store, execution).await, execution);
    }
    for other in [done, of_no_host] {
        assert_eq!(seen(store, &other).await, other);
    }
    let silent = store
        .clock()
        .await
        .unwrap()
        .duration_since(last_word.unwrap().unwrap());
    assert!(silent > PATIENCE, "{silent}");
    assert!(adopt(store).await.is_empty());
}

pub async fn a_host_that_was_silent_for_a_while_only_keeps_what_is_its_own(subject: impl Subject) {
    let store = subject.store();
    let kept = accept(store, new_execution("say-hello")).await;
    silent_for(&subject, PATIENCE - LIFETIME).await;

    assert!(adopt(store).await.is_empty());
    assert_eq!(seen(store, &kept).await, kept);
}

pub async fn a_host_on_which_another_replica_lives_is_not_silent(subject: impl Subject) {
    let store = subject.store();
    let kept = accept(store, new_execution("say-hello")).await;
    silent_for(&subject, PATIENCE + LIFETIME).await;
    let next = replica("replica-3");
    store.renew_lease(&next, LIFETIME).await.unwrap();

    assert!(adopt(store).await.is_empty());
    assert_eq!(seen(store, &kept).await, kept);
}

pub async fn a_host_that_comes_back_takes_over_again_what_has_not_ended(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    silent_for(&subject, PATIENCE + LIFETIME).await;
    let taken = adopt(store).await.remove(0);

    let back = store.adopt_host(&replica("replica-3")).await.unwrap();

    assert_eq!(back.len(), 1);
    assert_eq!((back[0].id, back[0].fence), (execution.id, Fence(3)));
    let late = change(store, &taken, success()).await.unwrap_err();
    assert!(matches!(late, StoreError::FenceLost(_)), "{late:?}");
}

pub async fn who_took_over_and_died_is_followed_by_the_next(subject: impl Subject) {
    let store = subject.store();
    accept(store, new_execution("say-hello")).await;
    silent_for(&subject, PATIENCE + LIFETIME).await;
    assert_eq!(adopt(store).await.len(), 1);
    store.give_up_lease(&elsewhere().id).await.unwrap();
    let mut third = elsewhere();
    third.id = "replica-3".into();
    store.renew_lease(&third, LIFETIME).await.unwrap();

    let next = store
        .adopt_from_silent_hosts(&third, PATIENCE, MANY)
        .await
        .unwrap();

    assert_eq!(next.len(), 1);
    assert_eq!(
        (next[0].owner.as_str(), next[0].fence),
        ("replica-3", Fence(3))
    );
}

/// However long it is silent: since when, is to be known as long as it has left something.
pub async fn a_host_that_has_left_something_is_remembered(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    silent_for(&subject, SignedDuration::from_hours(24 * 30)).await;
    let host = execution.host.clone().unwrap();

    assert!(store.last_word_of(&host).await.unwrap().is_some());
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, success()).await.unwrap();
    let closed = store.finish_log(execution.id, execution.fence, log_end(0));
    closed.await.unwrap();
    store.renew_lease(&elsewhere(), LIFETIME).await.unwrap();
    assert_eq!(store.last_word_of(&host).await.unwrap(), None);
}

pub async fn who_has_no_lease_takes_nothing_of_a_silent_host(subject: impl Subject) {
    let store = subject.store();
    accept(store, new_execution("say-hello")).await;
    silent_for(&subject, PATIENCE + LIFETIME).await;
    store.give_up_lease(&elsewhere().id).await.unwrap();

    let refused = store
        .adopt_from_silent_hosts(&elsewhere(), PATIENCE, MANY)
        .await;

    assert!(matches!(refused.unwrap_err(), StoreError::LeaseExpired(_)));
}
