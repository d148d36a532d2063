//! What has happened is forgotten when it is old, unless an execution has it.

use std::num::NonZeroU32;

use futures::future::join_all;
use jiff::SignedDuration;
use proctord::domain::lifecycle::Event;
use proctord::domain::schedule::Schedule;
use proctord::store::{Audience, Store};

use super::sample::{accept, change, entry, new_execution};
use super::schedule::{ALL, Hand, create, fire, store, stores, told, wanted};
use super::subject::Subject;

const KEEP: SignedDuration = SignedDuration::from_hours(24);

async fn telling<S: Subject>() -> S {
    let notifications = vec!["slack".to_owned()];
    S::telling(Audience {
        notifications,
        has_mail: false,
    })
    .await
}

/// Holds so many schedules of one proc, each of which causes a delivery.
async fn hold(store: &dyn Store, proc_name: &str, count: usize) {
    let mut notices = Vec::new();
    for number in 0..count {
        let mut new = wanted(proc_name, "0 9 * * *");
        new.definition
            .args
            .insert("NUMBER".into(), number.to_string());
        let schedule = create(store, new).await;
        notices.push((schedule.id, "its args do not fit any more".to_owned()));
    }
    store
        .hold_schedules(&notices, entry("schedule.hold"))
        .await
        .unwrap();
}

/// What is there of each proc's deliveries.
async fn left(subject: &impl Subject) -> Vec<(String, String)> {
    let rows = subject.deliveries().await.into_iter();
    let mut left: Vec<_> = rows
        .map(|row| {
            let name = &row.payload["content"]["JobName"];
            (name.as_str().unwrap().to_owned(), row.state)
        })
        .collect();
    left.sort();
    left
}

pub async fn old_deliveries_of_no_execution_are_forgotten_once_they_are_settled<S: Subject>(_: S) {
    let subject = telling::<S>().await;
    let store = subject.store();
    for (name, state) in [
        ("dead", "dead"),
        ("delivered", "delivered"),
        ("pending", "pending"),
        ("young", "dead"),
    ] {
        hold(store, name, 1).await;
        let settle = format!(
            "UPDATE proctor.delivery SET state = '{state}' WHERE payload LIKE '%\"{name}\"%'"
        );
        subject.tamper(&settle).await;
    }
    let execution = accept(store, new_execution("executed")).await;
    change(store, &execution, Event::Create).await.unwrap();
    let settle = "UPDATE proctor.delivery SET state = 'dead' WHERE execution_id IS NOT NULL";
    subject.tamper(settle).await;
    let age = "UPDATE proctor.delivery SET created_at = EPOCH, updated_at = EPOCH
                WHERE payload NOT LIKE '%\"young\"%'";
    subject.tamper(age).await;
    // It was written long ago, and given up a moment ago.
    let write = "UPDATE proctor.delivery SET created_at = EPOCH";
    subject.tamper(write).await;

    let forgotten = store.forget_deliveries(KEEP, ALL).await.unwrap();

    assert_eq!(forgotten, 2);
    let states = [
        ("executed", "dead"),
        ("pending", "pending"),
        ("young", "dead"),
    ];
    let states = states.map(|(name, state)| (name.to_owned(), state.to_owned()));
    assert_eq!(left(&subject).await, states);
    assert_eq!(store.forget_deliveries(KEEP, ALL).await.unwrap(), 0);
}

pub async fn no_more_is_forgotten_at_once_than_was_asked_for<S: Subject>(_: S) {
    let subject = telling::<S>().await;
    let store = subject.store();
    hold(store, "report", 5).await;
    let age = "UPDATE proctor.delivery SET state = 'delivered', updated_at = EPOCH";
    subject.tamper(age).await;

    let two = NonZeroU32::new(2).unwrap();
    let mut forgotten = Vec::new();
    for _ in 0..4 {
        forgotten.push(store.forget_deliveries(KEEP, two).await.unwrap());
    }

    assert_eq!(forgotten, [2, 2, 1, 0]);
}

/// A schedule that has fired at 12:01, and of which nine moments were missed after that.
async fn with_a_stretch(store: &dyn Store, hand: &Hand, proc_name: &str) -> Schedule {
    hand.set("2026-11-21T12:00:30Z");
    let schedule = create(store, wanted(proc_name, "* * * * *")).await;
    hand.set("2026-11-21T12:01:00Z");
    fire(store).await;
    hand.set("2026-11-21T12:10:30Z");
    let pause = store.pause_schedule(schedule.id, entry("schedule.pause"));
    pause.await.unwrap();
    assert_eq!(
        told(store, schedule.id).await,
        ["12:01 fired", "12:02-12:10 9 paused"]
    );
    schedule
}

pub async fn old_stretches_are_forgotten_and_what_fired_stays_with_its_execution(
    subject: impl Subject,
) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = with_a_stretch(&*store, &hand, "report").await;

    hand.set("2026-11-22T12:10:30Z");
    let young = store.forget_stretches(KEEP, ALL).await.unwrap();
    hand.set("2026-11-22T12:10:31Z");
    let old = store.forget_stretches(KEEP, ALL).await.unwrap();

    assert_eq!((young, old), (0, 1));
    assert_eq!(told(&*store, schedule.id).await, ["12:01 fired"]);
    subject.tamper("DELETE FROM proctor.execution").await;
    assert_eq!(told(&*store, schedule.id).await, [] as [&str; 0]);
}

pub async fn a_stretch_is_as_old_as_its_end(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = with_a_stretch(&*store, &hand, "report").await;

    // The pause ends, which makes the stretch longer.
    hand.set("2026-11-23T12:00:30Z");
    let resume = store.resume_schedule(schedule.id, entry("schedule.resume"));
    resume.await.unwrap();
    let forgotten = store.forget_stretches(KEEP, ALL).await.unwrap();

    assert_eq!(forgotten, 0);
    let told = told(&*store, schedule.id).await;
    assert_eq!(told, ["12:01 fired", "12:02-12:00 2879 paused"]);
}

pub async fn of_many_who_forget_at_once_each_row_goes_once(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let replicas = stores(&subject, &hand, 3).await;
    for number in 0..12 {
        with_a_stretch(&*replicas[0], &hand, &format!("proc-{number}")).await;
    }
    hand.set("2026-12-21T12:00:00Z");

    let three = NonZeroU32::new(3).unwrap();
    let mut forgotten = 0;
    loop {
        let round = join_all(replicas.iter().map(|it| it.forget_stretches(KEEP, three))).await;
        let round: u64 = round.into_iter().map(Result::unwrap).sum();
        forgotten += round;
        if round == 0 {
            break;
        }
    }

    assert_eq!(forgotten, 12);
}
