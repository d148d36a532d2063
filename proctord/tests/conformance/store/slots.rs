//! Slots of the whole installation, of other hosts, and places in the queue.

use std::num::NonZeroU32;
use std::slice;
use std::sync::Arc;

use jiff::SignedDuration;
use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::Event;
use proctord::store::{NewExecution, Place, Queues, Replica, SlotLimit, Store, StoreError};

use super::sample::{
    accept, change, entry, limited, new_execution, proc_name, replica, seen, stop, success,
};
use super::subject::Subject;

const LIFETIME: SignedDuration = SignedDuration::from_secs(60);

async fn with_limit(subject: &impl Subject, limit: u32) -> Arc<dyn Store> {
    let stores = subject.replicas(1, NonZeroU32::new(limit)).await;
    stores.into_iter().next().unwrap()
}

async fn admit(store: &dyn Store, queues: Queues<'_>) -> Vec<u64> {
    let admitted = store.admit_queued(queues, &replica("replica-1")).await;
    ids(&admitted.unwrap())
}

fn ids(executions: &[Execution]) -> Vec<u64> {
    executions
        .iter()
        .map(|execution| execution.id.into())
        .collect()
}

/// Ends an execution, and tells who gets its slot.
async fn end(store: &dyn Store, execution: &Execution) -> Vec<u64> {
    change(store, execution, Event::Create).await.unwrap();
    change(store, execution, success()).await.unwrap();
    admit(store, Queues::Of(&execution.proc_name)).await
}

async fn received(store: &dyn Store, new: NewExecution) -> Execution {
    let execution = accept(store, new).await;
    assert_eq!(execution.status(), Status::Received);
    execution
}

async fn queued(store: &dyn Store, new: NewExecution) -> Execution {
    let execution = accept(store, new).await;
    assert_eq!(execution.status(), Status::Queued);
    execution
}

pub async fn the_oldest_whose_proc_has_a_slot_left_gets_the_one_of_the_installation(
    subject: impl Subject,
) {
    let store = &*with_limit(&subject, 2).await;
    let first_of_one = received(store, limited("one", 1)).await;
    let free = received(store, new_execution("free")).await;
    let second_of_one = queued(store, limited("one", 1)).await;
    let other = queued(store, limited("other", 5)).await;
    let last = queued(store, new_execution("free")).await;
    assert!(admit(store, Queues::All).await.is_empty());

    assert_eq!(end(store, &free).await, ids(slice::from_ref(&other)));
    let next = end(store, &first_of_one).await;
    assert!(
        next.contains(&second_of_one.id.into()) && next.len() == 2,
        "{next:?}"
    );
    assert_eq!(end(store, &other).await, ids(&[second_of_one, last]));
}

pub async fn who_waits_for_its_own_proc_holds_nobody_else_back(subject: impl Subject) {
    let store = &*with_limit(&subject, 3).await;
    received(store, limited("one", 1)).await;
    queued(store, limited("one", 1)).await;
    queued(store, limited("one", 1)).await;

    received(store, limited("other", 1)).await;
    received(store, new_execution("free")).await;
    queued(store, new_execution("free")).await;
}

pub async fn a_slot_of_the_installation_that_is_free_goes_to_who_waits(subject: impl Subject) {
    let store = &*with_limit(&subject, 1).await;
    let running = received(store, new_execution("free")).await;
    let waiting = queued(store, limited("other", 9)).await;
    change(store, &running, Event::Create).await.unwrap();
    change(store, &running, success()).await.unwrap();

    let late = queued(store, new_execution("free")).await;

    assert_eq!(admit(store, Queues::All).await, ids(&[waiting]));
    assert_eq!(subject.slots().await.values().sum::<i64>(), 1);
    assert_eq!(seen(store, &late).await, late);
}

pub async fn replicas_with_other_limits_hold_nobody_up(subject: impl Subject) {
    let narrow = &*with_limit(&subject, 1).await;
    let wide = subject.store();
    let first = received(narrow, new_execution("free")).await;
    let waiting = queued(narrow, new_execution("free")).await;
    let behind = queued(narrow, limited("one", 1)).await;
    let second = received(wide, new_execution("free")).await;
    assert!(admit(narrow, Queues::All).await.is_empty());

    assert_eq!(end(wide, &first).await, ids(slice::from_ref(&waiting)));
    assert_eq!(end(narrow, &second).await, ids(slice::from_ref(&waiting)));
    assert_eq!(end(narrow, &waiting).await, ids(&[behind]));
}

/// One of another host, on which a replica lives.
async fn of_host_b(store: &dyn Store) -> (NewExecution, Replica) {
    let there = Replica {
        id: "replica-b".into(),
        host: "host-b".into(),
    };
    store.renew_lease(&there, LIFETIME).await.unwrap();
    let mut new = limited("busy", 1);
    new.host = Some(there.host.clone());
    new.owner = there.id.clone();
    (new, there)
}

pub async fn a_slot_that_is_another_hosts_turn_is_given_to_it(subject: impl Subject) {
    let store = subject.store();
    let (new, there) = of_host_b(store).await;
    let running = received(store, limited("busy", 1)).await;
    let of_another = queued(store, new).await;
    let of_ours = queued(store, limited("busy", 1)).await;

    assert!(end(store, &running).await.is_empty());
    let found = store.admitted_of(&there.id).await.unwrap();
    assert_eq!(found, slice::from_ref(&of_another));
    change(store, &of_another, Event::Create).await.unwrap();
    assert!(store.admitted_of(&there.id).await.unwrap().is_empty());
    change(store, &of_another, success()).await.unwrap();
    let busy = proc_name("busy");
    let next = store.admit_queued(Queues::Of(&busy), &there).await;
    assert!(next.unwrap().is_empty());
    // Nobody has a lease there: it is passed over until somebody of that host looks.
    assert!(store.admitted_of("replica-1").await.unwrap().is_empty());
    assert_eq!(admit(store, Queues::All).await, ids(&[of_ours]));
}

pub async fn what_a_silent_host_was_given_is_taken_back(subject: impl Subject) {
    let store = subject.store();
    let (new, there) = of_host_b(store).await;
    let running = received(store, limited("busy", 1)).await;
    let of_another = queued(store, new).await;
    let of_ours = queued(store, limited("busy", 1)).await;
    end(store, &running).await;
    assert_eq!(store.admitted_of(&there.id).await.unwrap().len(), 1);
    assert!(admit(store, Queues::All).await.is_empty());

    subject.age_leases(LIFETIME).await;
    assert_eq!(
        admit(store, Queues::All).await,
        ids(slice::from_ref(&of_ours))
    );

    assert_eq!(subject.slots().await["busy"], 1);
    let late = change(store, &of_another, Event::Create).await;
    assert!(matches!(late, Err(StoreError::FenceLost(_))), "{late:?}");
    store.renew_lease(&there, LIFETIME).await.unwrap();
    end(store, &of_ours).await;
    let again = store.admitted_of(&there.id).await.unwrap();
    assert_eq!(ids(&again), ids(slice::from_ref(&of_another)));
    assert!(again[0].fence > of_another.fence);
}

pub async fn the_place_in_the_queue_is_counted_for_the_limit_that_holds_it_back(
    subject: impl Subject,
) {
    let store = &*with_limit(&subject, 2).await;
    let running = received(store, limited("one", 1)).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(queued(store, limited("one", 1)).await);
    }
    received(store, new_execution("free")).await;
    let free = queued(store, new_execution("free")).await;
    let place = async |execution: &Execution| store.place_in_queue(execution.id).await.unwrap();
    let in_proc = |position, length| {
        Some(Place {
            position,
            length,
            limit: Some(SlotLimit::Proc(1)),
        })
    };

    assert_eq!(place(&running).await, None);
    assert_eq!(place(&waiting[0]).await, in_proc(1, 3));
    assert_eq!(place(&waiting[2]).await, in_proc(3, 3));
    let among_all = Place {
        position: 4,
        length: 4,
        limit: NonZeroU32::new(2).map(SlotLimit::Installation),
    };
    assert_eq!(place(&free).await, Some(among_all));

    let wish = store.request_stop(waiting[1].id, stop(None), entry("execution.stop"));
    wish.await.unwrap();
    assert_eq!(place(&waiting[1]).await, None);
    assert_eq!(place(&waiting[2]).await, in_proc(2, 2));
    end(store, &running).await;
    assert_eq!(place(&waiting[0]).await, None, "it has its slot");
    assert_eq!(place(&waiting[2]).await, in_proc(1, 1));
}
