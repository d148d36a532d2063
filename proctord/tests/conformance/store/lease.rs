//! Leases of replicas, and adoption from those that are silent.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use proctord::domain::execution::{Execution, Fence};
use proctord::domain::lifecycle::Event;
use proctord::store::{NewExecution, Queues, Store, StoreError};

use super::sample::{
    accept, append, change, limited, log_end, new_execution, no_write_of, proc_name, replica, seen,
    success,
};
use super::subject::Subject;

const LIFETIME: SignedDuration = SignedDuration::from_secs(30);
const MANY: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// An execution that any replica may carry out, accepted by `replica-1`.
fn anywhere(mut new: NewExecution) -> NewExecution {
    new.host = None;
    new
}

async fn silence(subject: &impl Subject) {
    let store = subject.store();
    store
        .renew_lease(&replica("replica-1"), LIFETIME)
        .await
        .unwrap();
    subject.age_leases(LIFETIME).await;
    store
        .renew_lease(&replica("replica-2"), LIFETIME)
        .await
        .unwrap();
}

async fn adopt(store: &dyn Store) -> Vec<Execution> {
    store
        .adopt_silent(&replica("replica-2"), MANY)
        .await
        .unwrap()
}

pub async fn the_clock_goes_forward(subject: impl Subject) {
    let store = subject.store();
    let first = store.clock().await.unwrap();
    let accepted = accept(store, new_execution("say-hello")).await;
    let second = store.clock().await.unwrap();

    assert!(first <= accepted.created_at && accepted.created_at <= second);
    let off = second.duration_since(Timestamp::now()).as_secs().abs();
    assert!(off < 60, "{second}");
}

pub async fn a_lease_runs_from_its_last_renewal(subject: impl Subject) {
    let store = subject.store();
    let before = store.clock().await.unwrap();
    let until = store
        .renew_lease(&replica("replica-1"), LIFETIME)
        .await
        .unwrap();
    let again = store
        .renew_lease(&replica("replica-1"), LIFETIME)
        .await
        .unwrap();

    assert!(until >= before + LIFETIME);
    assert!(again >= until);
}

pub async fn what_a_silent_replica_has_left_is_adopted_and_nothing_else(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, anywhere(new_execution("say-hello"))).await;
    let open = accept(store, anywhere(new_execution("say-hello"))).await;
    let done = accept(store, anywhere(new_execution("say-hello"))).await;
    for execution in [&open, &done] {
        change(store, execution, Event::Create).await.unwrap();
        change(store, execution, success()).await.unwrap();
    }
    store
        .finish_log(done.id, done.fence, log_end(0))
        .await
        .unwrap();
    let local = accept(store, new_execution("say-hello")).await;
    let mut own = anywhere(new_execution("say-hello"));
    own.owner = "replica-2".into();
    let own = accept(store, own).await;
    silence(&subject).await;

    let adopted = adopt(store).await;

    let ids: Vec<_> = adopted.iter().map(|execution| execution.id).collect();
    assert_eq!(ids, [received.id, open.id]);
    for execution in &adopted {
        assert_eq!(
            (execution.owner.as_str(), execution.fence),
            ("replica-2", Fence(2))
        );
        assert_eq!(&seen(store, execution).await, execution);
    }
    let done = seen(store, &done).await;
    assert_eq!((done.owner.as_str(), done.fence), ("replica-1", Fence(1)));
    for other in [local, own] {
        assert_eq!(seen(store, &other).await, other);
    }
    assert!(adopt(store).await.is_empty());
}

pub async fn a_replica_whose_lease_holds_keeps_what_is_its_own(subject: impl Subject) {
    let store = subject.store();
    let kept = accept(store, anywhere(new_execution("say-hello"))).await;
    for id in ["replica-1", "replica-2"] {
        store.renew_lease(&replica(id), LIFETIME).await.unwrap();
    }

    assert!(adopt(store).await.is_empty());

    store.give_up_lease("replica-1").await.unwrap();
    let adopted = adopt(store).await;
    assert_eq!(adopted.len(), 1);
    assert_eq!(adopted[0].id, kept.id);
}

pub async fn one_that_never_had_a_lease_counts_as_silent(subject: impl Subject) {
    let store = subject.store();
    accept(store, anywhere(new_execution("say-hello"))).await;
    store
        .renew_lease(&replica("replica-2"), LIFETIME)
        .await
        .unwrap();

    assert_eq!(adopt(store).await.len(), 1);
}

pub async fn nobody_adopts_without_a_lease(subject: impl Subject) {
    let store = subject.store();
    let left = accept(store, anywhere(new_execution("say-hello"))).await;

    let never = store.adopt_silent(&replica("replica-2"), MANY).await;
    store
        .renew_lease(&replica("replica-2"), LIFETIME)
        .await
        .unwrap();
    subject.age_leases(LIFETIME).await;
    let expired = store.adopt_silent(&replica("replica-2"), MANY).await;

    for refused in [never, expired] {
        assert!(
            matches!(&refused, Err(StoreError::LeaseExpired(id)) if id == "replica-2"),
            "{refused:?}"
        );
    }
    assert_eq!(seen(store, &left).await, left);
}

pub async fn adoption_takes_the_oldest_first_and_no_more_than_asked(subject: impl Subject) {
    let store = subject.store();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(accept(store, anywhere(new_execution("say-hello"))).await.id);
    }
    silence(&subject).await;
    let two = NonZeroU32::new(2).unwrap();

    let mut adopted = Vec::new();
    loop {
        let some = store
            .adopt_silent(&replica("replica-2"), two)
            .await
            .unwrap();
        if some.is_empty() {
            break;
        }
        assert!(some.len() <= 2);
        adopted.extend(some.iter().map(|execution| execution.id));
    }

    assert_eq!(adopted, all);
}

pub async fn of_many_replicas_each_execution_gets_one(subject: impl Subject) {
    let store = subject.store();
    for _ in 0..40 {
        accept(store, anywhere(new_execution("say-hello"))).await;
    }
    let names: Vec<_> = (2..10).map(|number| format!("replica-{number}")).collect();
    for name in &names {
        store.renew_lease(&replica(name), LIFETIME).await.unwrap();
    }
    let few = NonZeroU32::new(7).unwrap();

    let rounds = futures::future::join_all(names.iter().map(|name| async move {
        let mut mine = Vec::new();
        loop {
            let some = store.adopt_silent(&replica(name), few).await.unwrap();
            if some.is_empty() {
                return mine;
            }
            mine.extend(some);
        }
    }));
    let adopted: Vec<_> = rounds.await.into_iter().flatten().collect();

    assert_eq!(adopted.len(), 40);
    for execution in &adopted {
        assert_eq!(execution.fence, Fence(2), "{}", execution.id);
        assert_eq!(&seen(store, execution).await, execution);
    }
}

pub async fn a_replica_that_slept_writes_nothing_more(subject: impl Subject) {
    let store = subject.store();
    let old = accept(store, anywhere(new_execution("say-hello"))).await;
    store
        .append_log(&[append(&old, 0, b"before")])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    silence(&subject).await;
    let new = adopt(store).await.remove(0);
    // Its lease is new again, its fences are not.
    store
        .renew_lease(&replica("replica-1"), LIFETIME)
        .await
        .unwrap();

    no_write_of(store, &old).await;
    assert_eq!(seen(store, &old).await, new);
}

pub async fn one_that_a_silent_replica_had_admitted_waits_again(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, anywhere(limited("busy", 1))).await;
    let waiting = accept(store, anywhere(limited("busy", 1))).await;
    change(store, &running, Event::Create).await.unwrap();
    change(store, &running, success()).await.unwrap();
    store
        .finish_log(running.id, running.fence, log_end(0))
        .await
        .unwrap();
    let admitted = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-1"))
        .await
        .unwrap();
    assert_eq!(admitted.len(), 1);
    silence(&subject).await;

    assert_eq!(adopt(store).await.len(), 1);
    let admitted = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-2"))
        .await
        .unwrap();

    assert_eq!(admitted.len(), 1);
    assert_eq!((admitted[0].id, admitted[0].fence), (waiting.id, Fence(2)));
}

pub async fn what_is_unfinished_is_its_owners(subject: impl Subject) {
    let store = subject.store();
    let live = accept(store, anywhere(new_execution("say-hello"))).await;
    let of_host = accept(store, new_execution("say-hello")).await;
    let open = accept(store, anywhere(new_execution("say-hello"))).await;
    let closed = accept(store, anywhere(new_execution("say-hello"))).await;
    for execution in [&open, &closed] {
        change(store, execution, Event::Create).await.unwrap();
        change(store, execution, success()).await.unwrap();
    }
    store
        .finish_log(closed.id, closed.fence, log_end(0))
        .await
        .unwrap();

    let unfinished = store.unfinished_of("replica-1").await.unwrap();

    let mut expected = Vec::new();
    for execution in [&live, &of_host, &open] {
        expected.push(seen(store, execution).await);
    }
    assert_eq!(unfinished, expected);
    assert!(store.unfinished_of("replica-2").await.unwrap().is_empty());
    silence(&subject).await;
    adopt(store).await;
    assert_eq!(store.unfinished_of("replica-1").await.unwrap(), [of_host]);
    assert_eq!(store.unfinished_of("replica-2").await.unwrap().len(), 2);
}
