//! The keys by which a repeated request for a schedule, or for a run of one, finds what the first one made.

use futures::future::join_all;
use jiff::SignedDuration;
use proctord::domain::execution::Execution;
use proctord::domain::schedule::Schedule;
use proctord::store::{NewSchedule, Store, StoreError};

use super::sample::{entry, key, new_execution};
use super::schedule::{Hand, create, store, stores, told, wanted};
use super::subject::Subject;

const NOW: &str = "2026-11-21T12:00:30Z";

async fn ask(
    store: &dyn Store,
    new: NewSchedule,
    name: &str,
    digest: &str,
) -> Result<Schedule, StoreError> {
    let entry = entry("schedule.create");
    store.create_schedule(new, key(name, digest), entry).await
}

/// What Ann's key "k" stands for.
async fn of_key(store: &dyn Store, digest: &str) -> Result<Option<Schedule>, StoreError> {
    let key = key("k", digest).unwrap();
    store.schedule_of_key("ann@example.com", &key).await
}

async fn run(
    store: &dyn Store,
    schedule: &Schedule,
    name: &str,
    digest: &str,
) -> Result<Execution, StoreError> {
    let new = new_execution("report");
    let entry = entry("schedule.run");
    store
        .run_schedule(schedule.id, new, key(name, digest), entry)
        .await
}

fn is_reused<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::KeyReused))
}

pub async fn a_repeated_request_finds_the_first_schedule_as_it_stands_now(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let store = store(&subject, &hand).await;
    let new = wanted("report", "*/10 * * * *");
    let first = ask(&*store, new.clone(), "k", "d").await.unwrap();
    let entry = entry("schedule.pause");
    let paused = store.pause_schedule(first.id, entry.clone()).await.unwrap();

    let again = ask(&*store, new.clone(), "k", "d").await.unwrap();
    let found = of_key(&*store, "d").await.unwrap();
    let removed = store.remove_schedule(first.id, entry).await.unwrap();
    let gone = ask(&*store, new, "k", "d").await.unwrap();

    assert_eq!(again, paused);
    assert_eq!(found, Some(paused));
    assert_eq!(gone, removed);
    assert_eq!(store.schedules(None).await.unwrap(), []);
    assert_eq!(subject.audit_rows().await.len(), 3);
}

pub async fn a_schedules_key_is_the_users_own_and_good_for_one_request(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let store = store(&subject, &hand).await;
    let first = ask(&*store, wanted("report", "0 9 * * *"), "k", "one").await;
    let mut bobs = wanted("other", "0 9 * * *");
    bobs.owner = "bob@example.com".into();

    let another = ask(&*store, wanted("third", "0 9 * * *"), "k", "two").await;
    let found = of_key(&*store, "two").await;
    let bobs = ask(&*store, bobs, "k", "two").await;
    let alike = ask(&*store, wanted("report", "0 9 * * *"), "l", "one").await;

    assert!(is_reused(&another), "{another:?}");
    assert!(is_reused(&found), "{found:?}");
    assert_ne!(bobs.unwrap().id, first.unwrap().id);
    assert!(matches!(alike, Err(StoreError::ScheduleAlike)), "{alike:?}");
    // What was refused has left no key behind.
    ask(&*store, wanted("fourth", "0 9 * * *"), "l", "four")
        .await
        .unwrap();
    assert_eq!(store.schedules(None).await.unwrap().len(), 3);
}

pub async fn a_schedules_key_is_free_again_after_a_day(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let store = store(&subject, &hand).await;
    let mut new = wanted("report", "0 9 * * *");
    new.paused = true;
    let first = ask(&*store, new.clone(), "k", "d").await.unwrap();

    let minutes = SignedDuration::from_mins(24 * 60 - 1);
    subject.age_keys(minutes).await;
    let within = ask(&*store, new.clone(), "k", "d").await.unwrap();
    subject.age_keys(SignedDuration::from_mins(1)).await;
    let found = of_key(&*store, "d").await.unwrap();
    let after = ask(&*store, new.clone(), "k", "d").await.unwrap();
    let again = ask(&*store, new, "k", "d").await.unwrap();

    assert_eq!(within.id, first.id);
    assert_eq!(found, None);
    assert_ne!(after.id, first.id);
    assert_eq!(again.id, after.id);
}

pub async fn of_many_equal_requests_at_once_one_schedule_is_stored(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let replicas = stores(&subject, &hand, 3).await;

    let asked = (0..24).map(|number| {
        let new = wanted("report", "0 9 * * *");
        ask(&*replicas[number % 3], new, "k", "d")
    });
    let answers = join_all(asked).await;

    let ids: Vec<_> = answers.into_iter().map(|it| it.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(replicas[0].schedules(None).await.unwrap().len(), 1);
    assert_eq!(subject.audit_rows().await.len(), 1);
}

pub async fn a_repeated_run_is_the_first_one(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let replicas = stores(&subject, &hand, 3).await;
    let store = &*replicas[0];
    let schedule = create(store, wanted("report", "0 9 * * *")).await;
    let other = create(store, wanted("other", "0 9 * * *")).await;

    let asked = (0..24).map(|number| run(&*replicas[number % 3], &schedule, "k", "d"));
    let answers = join_all(asked).await;
    let another = run(store, &other, "k", "other").await;
    let entry = entry("execution.create");
    let plain = store.accept(new_execution("report"), key("k", "plain"), entry);
    let plain = plain.await;

    let ids: Vec<_> = answers.into_iter().map(|it| it.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(told(store, schedule.id).await, ["run"]);
    assert!(is_reused(&another), "{another:?}");
    assert!(is_reused(&plain), "{plain:?}");
    assert_eq!(told(store, other.id).await, [] as [&str; 0]);
    assert_eq!(subject.audit_rows().await.len(), 3);
}

pub async fn a_runs_key_is_free_again_after_a_day(subject: impl Subject) {
    let hand = Hand::at(NOW);
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "0 9 * * *")).await;
    let first = run(&*store, &schedule, "k", "d").await.unwrap();

    subject.age_keys(SignedDuration::from_hours(24)).await;
    let after = run(&*store, &schedule, "k", "d").await.unwrap();

    assert_ne!(after.id, first.id);
    assert_eq!(told(&*store, schedule.id).await, ["run", "run"]);
}
