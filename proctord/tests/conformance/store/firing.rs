//! What fires: claimed once, accepted as any execution, and every moment covered.

use std::num::NonZeroU32;

use futures::future::join_all;
use proctor_api::{Firing, Overlap, Status};
use proctord::domain::execution::RunnerKind;
use proctord::domain::lifecycle::Event;
use proctord::domain::schedule::{Held, MisfireRule, RUN_AS};
use proctord::store::{Aim, StoreError};

use super::sample::{change, entry, moment, new_execution, run, success};
use super::schedule::{
    ALL, Hand, create, fire, in_short, prepare, prepared, store, stores, told, wanted,
};
use super::subject::Subject;

pub async fn what_is_due_fires_once_with_an_accepted_execution(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "*/10 * * * *")).await;
    assert!(prepared(&*store).await.is_empty());
    hand.set("2026-11-21T12:10:00.25Z");
    let prepared = prepared(&*store).await;

    let fired = store.fire(&prepared).await.unwrap();
    let again = store.fire(&prepared).await.unwrap();

    assert_eq!((again.firings.len(), again.schedules), (0, 0));
    let [fire] = &fired.firings[..] else {
        panic!("{fired:?}")
    };
    assert_eq!(fire.lateness.as_millis(), 250);
    assert_eq!(fire.moment, moment("2026-11-21T12:10:00Z"));
    let stored = store.execution(fire.execution.id).await.unwrap().unwrap();
    assert_eq!(stored, fire.execution);
    assert_eq!(stored.status(), Status::Received);
    assert_eq!(stored.user, RUN_AS);
    assert_eq!(store.steps(stored.id).await.unwrap().len(), 1);
    let audited = subject.audit_rows().await.pop().unwrap();
    let expected = ("schedule.fire", stored.id.to_string());
    assert_eq!((audited.action.as_str(), audited.target), expected);
    let after = store.schedule(schedule.id).await.unwrap().unwrap();
    assert_eq!(after.covered_until, fire.moment);
    assert_eq!(after.next_at, Some(moment("2026-11-21T12:20:00Z")));
    let page = store.firings(schedule.id, None, ALL).await.unwrap();
    let expected = Firing::Fired {
        moment: fire.moment,
        fired_at: moment("2026-11-21T12:10:00.25Z"),
        execution_id: stored.id.into(),
        status: Some(Status::Received),
    };
    assert_eq!(page.firings, [expected]);
}

pub async fn what_was_prepared_for_one_moment_does_not_fire_the_next(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "* * * * *")).await;
    hand.set("2026-11-21T12:01:00Z");
    let slept_over = prepared(&*store).await;
    assert_eq!(fire(&*store).await.firings.len(), 1);
    hand.set("2026-11-21T12:02:00Z");

    let late = store.fire(&slept_over).await.unwrap();
    let fired = fire(&*store).await;

    assert_eq!((late.firings.len(), late.schedules), (0, 0));
    assert_eq!(fired.firings.len(), 1);
    let minutes = ["12:01 fired", "12:02 fired"];
    assert_eq!(told(&*store, schedule.id).await, minutes);
}

pub async fn of_many_replicas_each_moment_fires_in_one(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let stores = stores(&subject, &hand, 3).await;
    let mut ids = Vec::new();
    for number in 0..40 {
        let new = wanted(&format!("proc-{number}"), "* * * * *");
        ids.push(create(&*stores[0], new).await.id);
    }

    for minute in 1..=5 {
        hand.set(&format!("2026-11-21T12:0{minute}:01Z"));
        let fired = join_all(stores.iter().map(|store| fire(&**store))).await;
        let count: usize = fired.iter().map(|fired| fired.firings.len()).sum();
        assert_eq!(count, 40, "minute {minute}");
    }

    for id in ids {
        let told = told(&*stores[0], id).await;
        let all = ["12:01", "12:02", "12:03", "12:04", "12:05"];
        assert_eq!(told, all.map(|minute| format!("{minute} fired")));
    }
}

pub async fn what_is_live_decides_over_an_overlap(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let mut forbids = wanted("forbids", "* * * * *");
    forbids.definition.overlap = Overlap::Forbid;
    let mut replaces = wanted("replaces", "* * * * *");
    replaces.definition.overlap = Overlap::Replace;
    let forbids = create(&*store, forbids).await;
    let replaces = create(&*store, replaces).await;
    hand.set("2026-11-21T12:01:00Z");
    let first = fire(&*store).await;
    assert_eq!((first.firings.len(), first.replaced.len()), (2, 0));
    let of = |id| {
        first
            .firings
            .iter()
            .find(|fire| fire.schedule == id)
            .unwrap()
    };
    let live = of(forbids.id).execution.clone();

    for minute in 2..=3 {
        hand.set(&format!("2026-11-21T12:0{minute}:00Z"));
        let fired = fire(&*store).await;
        let schedules: Vec<_> = fired.firings.iter().map(|fire| fire.schedule).collect();
        assert_eq!(schedules, [replaces.id]);
        assert!(!fired.replaced.is_empty());
    }
    let replaced = store
        .execution(of(replaces.id).execution.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(replaced.stop.unwrap().by, RUN_AS);
    change(&*store, &live, Event::Create).await.unwrap();
    change(&*store, &live, run()).await.unwrap();
    change(&*store, &live, success()).await.unwrap();
    hand.set("2026-11-21T12:04:00Z");
    fire(&*store).await;

    let expected = ["12:01 fired", "12:02-12:03 2 overlap", "12:04 fired"];
    assert_eq!(told(&*store, forbids.id).await, expected);
    let minutes = ["12:01", "12:02", "12:03", "12:04"];
    let all = minutes.map(|minute| format!("{minute} fired"));
    assert_eq!(told(&*store, replaces.id).await, all);
}

pub async fn while_a_hold_is_in_force_due_moments_are_covered_and_do_not_fire(
    subject: impl Subject,
) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "* * * * *")).await;
    store.heed_hold(Some("true")).await.unwrap();
    hand.set("2026-11-21T12:03:00Z");
    assert!(store.due_schedules(ALL).await.unwrap().is_held);

    let fired = fire(&*store).await;
    hand.set("2026-11-21T12:04:00Z");
    fire(&*store).await;
    store.end_hold(entry("hold.end")).await.unwrap();
    hand.set("2026-11-21T12:05:00Z");
    fire(&*store).await;

    assert_eq!((fired.firings.len(), fired.schedules), (0, 1));
    let expected = ["12:01-12:04 4 held", "12:05 fired"];
    assert_eq!(told(&*store, schedule.id).await, expected);
    let after = store.schedule(schedule.id).await.unwrap().unwrap();
    assert_eq!(after.held, None);
}

pub async fn one_that_is_held_goes_on_when_that_is_over(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "* * * * *")).await;
    let notice = || Held::ByOwner("nobody knows".into());
    hand.set("2026-11-21T12:01:00Z");
    let held = prepare(&schedule, Aim::Hold(notice()));
    store.fire(&[held]).await.unwrap();
    let seen = store.schedule(schedule.id).await.unwrap().unwrap();
    assert_eq!(seen.held, Some(notice()));
    assert_eq!(store.held_schedules().await.unwrap(), 1);
    hand.set("2026-11-21T12:02:00Z");
    fire(&*store).await;
    let seen = store.schedule(schedule.id).await.unwrap().unwrap();
    assert_eq!((seen.held, seen.version), (None, schedule.version));

    let notices = [(schedule.id, "its args do not fit".to_owned())];
    store
        .hold_schedules(&notices, entry("schedule.hold"))
        .await
        .unwrap();
    hand.set("2026-11-21T12:03:00Z");
    fire(&*store).await;
    hand.set("2026-11-21T12:04:00Z");
    let resumed = store
        .resume_schedule(schedule.id, entry("schedule.resume"))
        .await
        .unwrap();
    assert_eq!(resumed.held, None);

    let expected = ["12:01-12:01 1 held", "12:02 fired", "12:03-12:04 2 held"];
    assert_eq!(told(&*store, schedule.id).await, expected);
}

pub async fn what_is_refused_has_its_row_and_its_reason(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "* * * * *")).await;
    hand.set("2026-11-21T12:01:00Z");
    let mut new = new_execution("report");
    new.refusal = Some("there is no proc report".into());

    let fired = store
        .fire(&[prepare(&schedule, Aim::Run(Box::new(new)))])
        .await
        .unwrap();

    let execution = &fired.firings[0].execution;
    assert_eq!(execution.status(), Status::RequirementNotMet);
    assert_eq!(
        store.execution(execution.id).await.unwrap().as_ref(),
        Some(execution)
    );
    assert_eq!(told(&*store, schedule.id).await, ["12:01 fired"]);
    let audited = subject.audit_rows().await.pop().unwrap();
    assert_eq!(audited.result, "refused");
}

pub async fn firings_take_slots_and_wait_in_queues_as_any_execution(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let mut new = wanted("busy", "* * * * *");
    new.definition.misfire = MisfireRule::All(100);
    let schedule = create(&*store, new).await;
    hand.set("2026-11-21T12:05:00Z");
    let mut new = new_execution("busy");
    new.plan.max_concurrent = Some(2);

    let fired = store
        .fire(&[prepare(&schedule, Aim::Run(Box::new(new)))])
        .await
        .unwrap();

    let statuses: Vec<_> = fired
        .firings
        .iter()
        .map(|fire| fire.execution.status())
        .collect();
    let (received, queued) = (Status::Received, Status::Queued);
    assert_eq!(statuses, [received, received, queued, queued, queued]);
    assert_eq!(subject.slots().await.get("busy"), Some(&2));
    let mut names: Vec<_> = fired
        .firings
        .iter()
        .map(|fire| fire.execution.name.to_string())
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5);
}

pub async fn downtime_is_one_row_and_pages_neither_miss_nor_repeat(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let mut new = wanted("report", "* * * * *");
    new.definition.misfire = MisfireRule::All(4);
    let schedule = create(&*store, new).await;
    hand.set("2026-11-21T14:00:30Z");
    let fired = fire(&*store).await;

    assert_eq!((fired.firings.len(), fired.missed), (5, 115));
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = store
            .firings(schedule.id, before, NonZeroU32::new(2).unwrap())
            .await
            .unwrap();
        pages.extend(page.firings.iter().map(in_short));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    pages.reverse();
    assert_eq!(pages.len(), 6);
    assert!(
        pages.contains(&"12:01-13:55 115 downtime".to_owned()),
        "{pages:?}"
    );
}

pub async fn run_by_hand_it_has_a_row_without_a_moment(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "* * * * *")).await;

    let new = new_execution("report");
    let execution = store
        .run_schedule(schedule.id, new, None, entry("schedule.run"))
        .await
        .unwrap();

    assert_eq!(execution.status(), Status::Received);
    assert_eq!(execution.runner, RunnerKind::Local);
    assert_eq!(told(&*store, schedule.id).await, ["run"]);
    let after = store.schedule(schedule.id).await.unwrap().unwrap();
    assert_eq!(after, schedule);
    store
        .remove_schedule(schedule.id, entry("schedule.remove"))
        .await
        .unwrap();
    let again = store
        .run_schedule(
            schedule.id,
            new_execution("report"),
            None,
            entry("schedule.run"),
        )
        .await;
    assert!(matches!(again, Err(StoreError::NoSchedule(_))), "{again:?}");
}
