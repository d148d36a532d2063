//! Slots, and the queue before them.

use std::collections::BTreeSet;

use futures::future::join_all;
use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Cause, Event};
use proctord::store::{Queues, Replica, Store};

use super::sample::{
    accept, change, end, entry, limited, moment, proc_name, replica, seen, stop, success,
};
use super::subject::Subject;

async fn admit(store: &dyn Store, name: &str) -> Vec<Execution> {
    let admitted = store
        .admit_queued(Queues::Of(&proc_name(name)), &replica("replica-1"))
        .await;
    admitted.unwrap()
}

async fn finish(store: &dyn Store, execution: &Execution) {
    change(store, execution, Event::Create).await.unwrap();
    change(store, execution, success()).await.unwrap();
}

fn ids(executions: &[Execution]) -> Vec<u64> {
    executions
        .iter()
        .map(|execution| execution.id.into())
        .collect()
}

pub async fn over_the_limit_executions_wait_and_go_on_in_order(subject: impl Subject) {
    let store = subject.store();
    let mut executions = Vec::new();
    for _ in 0..6 {
        executions.push(accept(store, limited("busy", 2)).await);
    }
    let statuses: Vec<_> = executions.iter().map(Execution::status).collect();
    assert_eq!(statuses[..2], [Status::Received; 2]);
    assert_eq!(statuses[2..], [Status::Queued; 4]);
    assert!(admit(store, "busy").await.is_empty());

    finish(store, &executions[0]).await;
    let first = admit(store, "busy").await;
    finish(store, &executions[1]).await;
    finish(store, &first[0]).await;
    let second = admit(store, "busy").await;

    assert_eq!(ids(&first), ids(&executions[2..3]));
    assert_eq!(ids(&second), ids(&executions[3..5]));
    assert_eq!(first[0].status(), Status::Queued);
    assert_eq!(first[0].owner, "replica-1");
}

pub async fn nobody_overtakes_those_who_wait(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    let waiting = accept(store, limited("busy", 1)).await;
    finish(store, &running).await;

    let late = accept(store, limited("busy", 1)).await;

    assert_eq!(late.status(), Status::Queued);
    assert_eq!(ids(&admit(store, "busy").await), ids(&[waiting]));
}

pub async fn one_that_is_to_be_stopped_is_passed_over(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    let stopped = accept(store, limited("busy", 1)).await;
    let waiting = accept(store, limited("busy", 1)).await;
    store
        .request_stop(stopped.id, stop(None), entry("execution.stop"))
        .await
        .unwrap();
    finish(store, &running).await;

    let admitted = admit(store, "busy").await;

    assert_eq!(ids(&admitted), ids(&[waiting]));
    let at = moment("2026-11-20T12:00:00Z");
    let withdrawn = change(store, &stopped, Event::Withdraw { at })
        .await
        .unwrap();
    assert_eq!(withdrawn.status(), Status::Stopped);
}

pub async fn however_an_execution_ends_its_slot_is_free(subject: impl Subject) {
    let store = subject.store();
    let reason = "image not found".to_owned();
    let at = moment("2026-11-20T12:00:00Z");
    let ways = [
        vec![Event::FailCreation {
            reason: reason.clone(),
        }],
        vec![Event::Create, Event::FailCreation { reason }],
        vec![Event::Create, success()],
        vec![Event::Create, end(Cause::Deadline, None)],
        vec![Event::Create, end(Cause::Gone, None)],
        vec![Event::Withdraw { at }],
        vec![Event::Create, end(Cause::Stopped, None)],
    ];
    for way in ways {
        let execution = accept(store, limited("busy", 1)).await;
        assert_eq!(execution.status(), Status::Received, "before {way:?}");
        if matches!(way.last(), Some(Event::Withdraw { .. })) {
            store
                .request_stop(execution.id, stop(None), entry("execution.stop"))
                .await
                .unwrap();
        }
        for event in way {
            change(store, &execution, event).await.unwrap();
        }
    }
    let mut refused = limited("busy", 1);
    refused.refusal = Some("needs a command".into());
    accept(store, refused).await;
    assert_eq!(
        accept(store, limited("busy", 1)).await.status(),
        Status::Received
    );
}

pub async fn of_many_at_once_no_more_than_the_limit_get_a_slot(subject: impl Subject) {
    let store = subject.store();
    let accepts = (0..40).map(|_| accept(store, limited("busy", 5)));

    let accepted = join_all(accepts).await;
    let received: Vec<_> = accepted
        .into_iter()
        .filter(|execution| execution.status() == Status::Received)
        .collect();
    assert_eq!(received.len(), 5);
    join_all(received.iter().map(|execution| finish(store, execution))).await;
    let admissions = join_all((0..8).map(|_| admit(store, "busy"))).await;

    let admitted: BTreeSet<_> = admissions.iter().flat_map(|some| ids(some)).collect();
    assert_eq!(admitted.len(), 5);
}

pub async fn one_that_was_admitted_is_told_again_until_it_is_launched(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    let waiting = accept(store, limited("busy", 1)).await;
    accept(store, limited("busy", 1)).await;
    finish(store, &running).await;

    let first = admit(store, "busy").await;
    let again = admit(store, "busy").await;
    let elsewhere = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-2"))
        .await
        .unwrap();
    change(store, &first[0], Event::Create).await.unwrap();

    assert_eq!(ids(&first), ids(&[waiting]));
    assert_eq!(first, again);
    assert!(elsewhere.is_empty());
    assert!(admit(store, "busy").await.is_empty());
}

pub async fn executions_of_another_host_are_left_to_it(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 1)).await;
    let mut of_another = limited("busy", 1);
    of_another.host = Some("host-b".into());
    let of_another = accept(store, of_another).await;
    let of_ours = accept(store, limited("busy", 1)).await;
    finish(store, &running).await;

    let here = admit(store, "busy").await;
    finish(store, &here[0]).await;
    let there = Replica {
        id: "replica-b".into(),
        host: "host-b".into(),
    };
    let there = store
        .admit_queued(Queues::Of(&proc_name("busy")), &there)
        .await
        .unwrap();

    assert_eq!(ids(&here), ids(&[of_ours]));
    assert_eq!(ids(&there), ids(&[of_another]));
}

pub async fn procs_do_not_share_slots(subject: impl Subject) {
    let store = subject.store();
    accept(store, limited("busy", 1)).await;

    assert_eq!(
        accept(store, limited("other", 1)).await.status(),
        Status::Received
    );
    assert_eq!(
        accept(store, limited("other", 1)).await.status(),
        Status::Queued
    );
    assert!(admit(store, "unknown").await.is_empty());
}

pub async fn a_new_owner_of_an_admitted_execution_has_a_higher_fence(subject: impl Subject) {
    let store = subject.store();
    let running = accept(store, limited("busy", 2)).await;
    let mut waiting = Vec::new();
    accept(store, limited("busy", 2)).await;
    for _ in 0..2 {
        waiting.push(accept(store, limited("busy", 2)).await);
    }
    finish(store, &running).await;

    let same = admit(store, "busy").await;
    finish(store, &same[0]).await;
    let other = store
        .admit_queued(Queues::Of(&proc_name("busy")), &replica("replica-2"))
        .await
        .unwrap();

    assert_eq!(same[0].fence, waiting[0].fence);
    assert!(other[0].fence > waiting[1].fence);
    assert_eq!(other[0].owner, "replica-2");
    assert_eq!(seen(store, &waiting[1]).await, other[0]);
}
