//! Adoption by the next replica of the same host.

use proctord::domain::execution::Fence;
use proctord::domain::lifecycle::Event;
use proctord::store::{Queues, StoreError};

use super::sample::{
    accept, append, change, limited, log_end, new_execution, no_write_of, proc_name, replica, seen,
    success,
};
use super::subject::Subject;

pub async fn what_is_live_or_has_an_open_log_is_adopted_and_nothing_else(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, new_execution("say-hello")).await;
    let open = accept(store, new_execution("say-hello")).await;
    let done = accept(store, new_execution("say-hello")).await;
    for execution in [&open, &done] {
        change(store, execution, Event::Create).await.unwrap();
        change(store, execution, success()).await.unwrap();
    }
    store
        .finish_log(done.id, done.fence, log_end(0))
        .await
        .unwrap();
    let mut refused = new_execution("say-hello");
    refused.refusal = Some("needs a command".into());
    let refused = accept(store, refused).await;
    let mut elsewhere = new_execution("say-hello");
    elsewhere.host = Some("host-b".into());
    let elsewhere = accept(store, elsewhere).await;
    let mut nowhere = new_execution("say-hello");
    nowhere.host = None;
    let nowhere = accept(store, nowhere).await;

    let adopted = store.adopt_host(&replica("replica-2")).await.unwrap();
    let again = store.adopt_host(&replica("replica-3")).await.unwrap();

    let ids: Vec<_> = adopted.iter().map(|execution| execution.id).collect();
    assert_eq!(ids, [received.id, open.id]);
    for (execution, again) in adopted.iter().zip(&again) {
        assert_eq!(execution.owner, "replica-2");
        assert_eq!(execution.fence, Fence(2));
        assert_eq!((again.owner.as_str(), again.fence), ("replica-3", Fence(3)));
        assert_eq!(&seen(store, execution).await, again);
    }
    assert!(adopted[1].log_open && adopted[1].status().is_terminal());
    for other in [refused, elsewhere, nowhere] {
        assert_eq!(seen(store, &other).await, other);
    }
}

pub async fn no_write_under_an_old_fence_lands(subject: impl Subject) {
    let store = subject.store();
    let old = accept(store, new_execution("say-hello")).await;
    let written = store.append_log(&[append(&old, 0, b"before")]).await;
    written.unwrap().remove(0).unwrap();
    let new = store
        .adopt_host(&replica("replica-2"))
        .await
        .unwrap()
        .remove(0);

    no_write_of(store, &old).await;
    assert_eq!(seen(store, &old).await, new);
    assert_eq!(store.log_tail(old.id).await.unwrap().offset, 6);
    let created = change(store, &new, Event::Create).await.unwrap();
    change(store, &created, success()).await.unwrap();
    store
        .append_log(&[append(&new, 6, b" after")])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    store
        .finish_log(new.id, new.fence, log_end(12))
        .await
        .unwrap();
    let late = store.finish_log(old.id, old.fence, log_end(12)).await;
    assert!(matches!(late, Err(StoreError::FenceLost(_))), "{late:?}");
}

pub async fn one_that_was_admitted_waits_again(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    let waiting = accept(store, limited("busy", 1)).await;
    change(store, &running, Event::Create).await.unwrap();
    change(store, &running, success()).await.unwrap();
    store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-1"))
        .await
        .unwrap();

    let adopted = store.adopt_host(&replica("replica-2")).await.unwrap();
    let admitted = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-2"))
        .await
        .unwrap();

    assert_eq!(adopted.len(), 2);
    assert_eq!(admitted.len(), 1);
    assert_eq!(admitted[0].id, waiting.id);
    assert_eq!(admitted[0].fence, Fence(2));
}
