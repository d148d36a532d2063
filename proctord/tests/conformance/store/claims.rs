//! Deliveries on their way: what events cause them, who may try them, and what becomes of them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use proctord::domain::execution::{MailOrder, NotifyOn};
use proctord::domain::lifecycle::{Cause, Event, Exit};
use proctord::store::{
    Audience, Claim, Claimed, DeliveryFilter, DeliveryKind, DeliveryState, NewExecution,
    Settlement, Store, StoreError,
};

use super::sample::{
    accept, change, end, entry, log_end, new_execution, replica, run, stop, success,
};
use super::subject::Subject;

const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
const MANY: NonZeroU32 = NonZeroU32::new(100).unwrap();

fn audience() -> Audience {
    Audience {
        notifications: vec!["slack".into(), "diary".into()],
        has_mail: true,
    }
}

fn with_callback(target: &str) -> NewExecution {
    let mut new = new_execution("say-hello");
    new.callback_url = Some(target.into());
    new
}

fn with_mail(to: &[&str], on: NotifyOn) -> NewExecution {
    let mut new = new_execution("say-hello");
    new.plan.mail = Some(MailOrder {
        to: to.iter().map(|address| (*address).to_owned()).collect(),
        on,
        schedule: Some(7),
    });
    new
}

async fn lease(store: &dyn Store, id: &str) {
    store.renew_lease(&replica(id), LIFETIME).await.unwrap();
}

async fn claim(store: &dyn Store, id: &str, busy: &[&str], limit: u32) -> Vec<Claimed> {
    let busy: Vec<_> = busy.iter().map(|lane| (*lane).to_owned()).collect();
    let claim = Claim {
        replica: id,
        busy: &busy,
        lifetime: LIFETIME,
        limit: limit.try_into().unwrap(),
    };
    store.claim_deliveries(claim).await.unwrap()
}

/// Ends a run of an execution that is told to one URL; its delivery is due.
async fn due(store: &dyn Store, target: &str) {
    let execution = accept(store, with_callback(target)).await;
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, success()).await.unwrap();
    let closed = store.finish_log(execution.id, execution.fence, log_end(0));
    closed.await.unwrap();
}

fn later() -> Settlement {
    Settlement::Later {
        error: "away\0".into(),
        after: SignedDuration::from_hours(1),
    }
}

/// What each row says of what happened to whom.
async fn told(subject: &impl Subject) -> Vec<(String, String, String)> {
    let mut told: Vec<_> = subject
        .deliveries()
        .await
        .into_iter()
        .map(|row| (row.kind, row.target, row.event))
        .collect();
    told.sort();
    told
}

pub async fn plugins_and_addresses_are_told_of_what_happens<S: Subject>(_: S) {
    let subject = S::telling(audience()).await;
    let store = subject.store();
    let new = with_mail(&["a@example.com", "b@example.com"], NotifyOn::Always);
    let execution = accept(store, new).await;
    assert!(told(&subject).await.is_empty());

    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, run()).await.unwrap();
    change(store, &execution, success()).await.unwrap();

    let mut expected = Vec::new();
    for address in ["a@example.com", "b@example.com"] {
        expected.push(("mail", address, "finished"));
    }
    for plugin in ["diary", "slack"] {
        for event in ["created", "finished", "started"] {
            expected.push(("notification", plugin, event));
        }
    }
    let seen = told(&subject).await;
    let seen: Vec<_> = seen
        .iter()
        .map(|(kind, target, event)| (kind.as_str(), target.as_str(), event.as_str()))
        .collect();
    assert_eq!(seen, expected);
    let rows = subject.deliveries().await;
    let orders: BTreeMap<_, _> = rows
        .iter()
        .filter(|row| row.target == "slack")
        .map(|row| (row.payload["content"]["Order"].as_str(), row.event.clone()))
        .collect();
    assert_eq!(
        orders.into_values().collect::<Vec<_>>(),
        ["created", "started", "finished"]
    );
    let mail = rows.iter().find(|row| row.kind == "mail").unwrap();
    assert_eq!(mail.payload["schedule"], 7);
    assert_eq!(mail.payload["execution"]["status"], "SUCCEEDED");
}

pub async fn a_success_is_not_mailed_to_who_wants_failures<S: Subject>(_: S) {
    let subject = S::telling(audience()).await;
    let store = subject.store();
    let fine = accept(store, with_mail(&["a@example.com"], NotifyOn::Failure)).await;
    let failed = accept(store, with_mail(&["a@example.com"], NotifyOn::Failure)).await;
    let stopped = accept(store, with_mail(&["a@example.com"], NotifyOn::Always)).await;
    for execution in [&fine, &failed, &stopped] {
        change(store, execution, Event::Create).await.unwrap();
    }
    let wished = store.request_stop(stopped.id, stop(None), entry("execution.stop"));
    wished.await.unwrap();

    change(store, &fine, success()).await.unwrap();
    let failure = end(Cause::Exited, Some(Exit::Code(3)));
    change(store, &failed, failure).await.unwrap();
    change(store, &stopped, success()).await.unwrap();

    let rows = subject.deliveries().await;
    let mails: Vec<_> = rows
        .iter()
        .filter(|row| row.kind == "mail")
        .map(|row| (row.execution_id.unwrap(), row.event.as_str()))
        .collect();
    assert_eq!(mails, [(failed.id, "finished"), (stopped.id, "stopped")]);
}

pub async fn without_a_mail_server_no_mail_is_written(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, with_mail(&["a@example.com"], NotifyOn::Always)).await;
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, success()).await.unwrap();

    assert!(subject.deliveries().await.is_empty());
}

pub async fn one_that_is_due_is_claimed_once(subject: impl Subject) {
    let store = subject.store();
    for replica in ["replica-1", "replica-2"] {
        lease(store, replica).await;
    }
    due(store, "https://example.com/1").await;
    due(store, "https://example.com/2").await;
    // One that still waits for its log.
    let waiting = accept(store, with_callback("https://example.com/3")).await;
    change(store, &waiting, Event::Create).await.unwrap();
    change(store, &waiting, success()).await.unwrap();

    let first = claim(store, "replica-1", &[], 1).await;
    let rest = claim(store, "replica-2", &[], 9).await;
    let none = claim(store, "replica-1", &[], 9).await;

    let targets: Vec<_> = first.iter().chain(&rest).map(|one| &*one.target).collect();
    assert_eq!(targets, ["https://example.com/1", "https://example.com/2"]);
    assert_eq!(none, []);
    assert!(first.iter().chain(&rest).all(|one| one.attempts == 1));
    assert_eq!(first[0].lane, "callback example.com:443");
    assert_eq!(first[0].kind, DeliveryKind::Callback);
}

pub async fn who_has_no_lease_claims_nothing(subject: impl Subject) {
    let store = subject.store();
    due(store, "https://example.com/1").await;
    let claim = Claim {
        replica: "replica-1",
        busy: &[],
        lifetime: LIFETIME,
        limit: MANY,
    };

    let refused = store.claim_deliveries(claim).await.unwrap_err();

    assert!(
        matches!(refused, StoreError::LeaseExpired(_)),
        "{refused:?}"
    );
}

pub async fn a_lane_that_is_busy_is_passed_over(subject: impl Subject) {
    let store = subject.store();
    lease(store, "replica-1").await;
    due(store, "https://slow.example.com/1").await;
    due(store, "https://quick.example.com/1").await;

    let busy = ["callback slow.example.com:443"];
    let claimed = claim(store, "replica-1", &busy, 1).await;

    assert_eq!(claimed[0].target, "https://quick.example.com/1");
    assert_eq!(claim(store, "replica-1", &busy, 9).await, []);
}

pub async fn what_is_settled_stays_so(subject: impl Subject) {
    let store = subject.store();
    lease(store, "replica-1").await;
    for target in [
        "https://a.example/",
        "https://b.example/",
        "https://c.example/",
    ] {
        due(store, target).await;
    }
    let claimed = claim(store, "replica-1", &[], 9).await;
    let dead = Settlement::Dead {
        error: "refused".into(),
    };
    for (one, settlement) in claimed.iter().zip([Settlement::Delivered, later(), dead]) {
        assert!(store.settle_delivery(one, &settlement).await.unwrap());
    }

    assert_eq!(claim(store, "replica-1", &[], 9).await, []);
    let everything = DeliveryFilter::default();
    let page = store.deliveries(&everything, None, MANY).await.unwrap();
    let mut all = page.deliveries;
    all.sort_by(|a, b| a.target.cmp(&b.target));
    let states: Vec<_> = all.iter().map(|one| one.state).collect();
    assert_eq!(
        states,
        [
            DeliveryState::Delivered,
            DeliveryState::Pending,
            DeliveryState::Dead
        ]
    );
    let errors: Vec<_> = all.iter().map(|one| one.last_error.is_some()).collect();
    assert_eq!(errors, [false, true, true]);
    let census = store.delivery_census().await.unwrap();
    assert_eq!((census.pending, census.dead), (1, 1));
    assert!(census.oldest.is_some());
}

pub async fn who_was_overtaken_settles_nothing(subject: impl Subject) {
    let store = subject.store();
    lease(store, "replica-1").await;
    due(store, "https://example.com/1").await;
    let slept = claim(store, "replica-1", &[], 9).await.remove(0);
    subject.age_leases(LIFETIME).await;
    lease(store, "replica-2").await;

    let second = claim(store, "replica-2", &[], 9).await.remove(0);
    let late = store.settle_delivery(&slept, &Settlement::Delivered).await;

    assert_eq!(
        (second.id.as_str(), second.attempts),
        (slept.id.as_str(), 2)
    );
    assert!(!late.unwrap());
    assert!(store.settle_delivery(&second, &later()).await.unwrap());
    assert!(
        !store
            .settle_delivery(&second, &Settlement::Delivered)
            .await
            .unwrap()
    );
}

pub async fn of_many_who_claim_at_once_each_gets_its_own(subject: impl Subject) {
    let store = subject.store();
    for number in 0..20 {
        due(store, &format!("https://example.com/{number}")).await;
    }
    let stores = subject.replicas(4, None).await;
    let mut claims = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        let id = format!("replica-{number}");
        lease(store.as_ref(), &id).await;
        claims.push(async move {
            let mut mine = Vec::new();
            loop {
                let some = claim(store.as_ref(), &id, &[], 3).await;
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some);
            }
        });
    }

    let mut all: Vec<_> = futures::future::join_all(claims).await.concat();

    // Who is passed over for a moment finds them later.
    all.extend(claim(store, "replica-0", &[], 100).await);
    let mut ids: Vec<_> = all.iter().map(|one| one.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), all.len()), (20, 20));
}

pub async fn a_dead_one_is_tried_again_on_somebodys_word(subject: impl Subject) {
    let store = subject.store();
    lease(store, "replica-1").await;
    due(store, "https://example.com/1").await;
    let first = claim(store, "replica-1", &[], 9).await.remove(0);
    let dead = Settlement::Dead {
        error: "refused".into(),
    };
    store.settle_delivery(&first, &dead).await.unwrap();

    let retried = store.retry_delivery(&first.id, entry("delivery.retry"));
    let retried = retried.await.unwrap();
    let again = claim(store, "replica-1", &[], 9).await.remove(0);
    store
        .settle_delivery(&again, &Settlement::Delivered)
        .await
        .unwrap();
    let done = store.retry_delivery(&first.id, entry("delivery.retry"));
    let done = done.await.unwrap_err();
    let unknown = store.retry_delivery("nobody", entry("delivery.retry"));
    let unknown = unknown.await.unwrap_err();

    assert_eq!(retried.state, DeliveryState::Pending);
    assert_eq!((again.id.as_str(), again.attempts), (first.id.as_str(), 1));
    assert!(again.claim > first.claim);
    assert!(matches!(done, StoreError::Delivered(_)), "{done:?}");
    assert!(matches!(unknown, StoreError::NoDelivery(_)), "{unknown:?}");
    let audited = subject.audit_rows().await;
    let audited = audited.iter().filter(|row| row.action == "delivery.retry");
    assert_eq!(audited.count(), 1);
}

pub async fn a_list_is_filtered_and_comes_in_pages(subject: impl Subject) {
    let store = subject.store();
    lease(store, "replica-1").await;
    for number in 0..5 {
        due(store, &format!("https://example.com/{number}")).await;
    }
    let one = claim(store, "replica-1", &[], 1).await.remove(0);
    store
        .settle_delivery(&one, &Settlement::Delivered)
        .await
        .unwrap();
    let pending = DeliveryFilter {
        state: Some(DeliveryState::Pending),
        kind: Some(DeliveryKind::Callback),
        ..DeliveryFilter::default()
    };
    let of_one = DeliveryFilter {
        execution: one.execution,
        ..DeliveryFilter::default()
    };

    let two = NonZeroU32::new(2).unwrap();
    let first = store.deliveries(&pending, None, two).await.unwrap();
    let second = store.deliveries(&pending, first.next.as_ref(), two);
    let second = second.await.unwrap();
    let alone = store.deliveries(&of_one, None, two).await.unwrap();

    let targets: Vec<_> = first
        .deliveries
        .iter()
        .chain(&second.deliveries)
        .map(|one| one.target.trim_start_matches("https://example.com/"))
        .collect();
    assert_eq!(targets, ["4", "3", "2", "1"]);
    assert_eq!(second.next, None);
    assert_eq!(alone.deliveries.len(), 1);
    assert_eq!(alone.deliveries[0].id, one.id);
}
