//! Schedules as the store keeps them, and what people do to them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use proctor_api::{Firing, NotifyOn, Overlap, Why};
use proctord::domain::schedule::{Definition, MisfireRule, RUN_AS, Schedule, ScheduleId, Timing};
use proctord::store::{Aim, Fired, ImportedSchedule, NewSchedule, Prepared, Store, StoreError};

use super::sample::{entry, moment, new_execution};
use super::subject::Subject;

pub(super) const ALL: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// A clock that stands where it is put.
#[derive(Clone)]
pub(super) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(super) fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(moment(text).as_microsecond())))
    }

    pub(super) fn set(&self, text: &str) {
        self.0
            .store(moment(text).as_microsecond(), Ordering::SeqCst);
    }

    fn clock(&self) -> impl Fn() -> Timestamp + Send + Sync + Clone + 'static {
        let hand = self.0.clone();
        move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap()
    }
}

pub(super) async fn stores(
    subject: &impl Subject,
    hand: &Hand,
    count: usize,
) -> Vec<Arc<dyn Store>> {
    subject.on_clock(count, Arc::new(hand.clock())).await
}

pub(super) async fn store(subject: &impl Subject, hand: &Hand) -> Arc<dyn Store> {
    stores(subject, hand, 1).await.remove(0)
}

pub(super) fn wanted(proc_name: &str, cron: &str) -> NewSchedule {
    NewSchedule {
        definition: Definition {
            proc_name: proc_name.parse().unwrap(),
            args: [("WHO".to_owned(), "world".to_owned())].into(),
            tags: "nightly".into(),
            group: "ops".into(),
            emails: vec!["ann@example.com".into()],
            timing: Timing::Cron {
                stored: format!("0 {cron}"),
                not_before: None,
                not_after: None,
            },
            time_zone: "UTC".into(),
            overlap: Overlap::Allow,
            misfire: MisfireRule::Once,
            misfire_after: 60,
            jitter_seconds: 0,
            notify_on: NotifyOn::Always,
        },
        owner: "ann@example.com".into(),
        paused: false,
    }
}

pub(super) async fn create(store: &dyn Store, new: NewSchedule) -> Schedule {
    let created = store
        .create_schedule(new, None, entry("schedule.create"))
        .await;
    created.unwrap()
}

/// What is due, with executions of any number at once.
pub(super) async fn prepared(store: &dyn Store) -> Vec<Prepared> {
    let due = store.due_schedules(ALL).await.unwrap();
    let prepared = due.schedules.iter().map(|schedule| {
        let mut new = new_execution(schedule.definition.proc_name.as_str());
        new.user = RUN_AS.into();
        prepare(schedule, Aim::Run(Box::new(new)))
    });
    prepared.collect()
}

pub(super) fn prepare(schedule: &Schedule, aim: Aim) -> Prepared {
    Prepared {
        id: schedule.id,
        version: schedule.version,
        covered_until: schedule.covered_until,
        moments: schedule.definition.moments().unwrap(),
        aim,
    }
}

pub(super) async fn fire(store: &dyn Store) -> Fired {
    let prepared = prepared(store).await;
    store.fire(&prepared).await.unwrap()
}

/// What became of a schedule's moments, oldest first, in short.
pub(super) async fn told(store: &dyn Store, id: ScheduleId) -> Vec<String> {
    let page = store.firings(id, None, ALL).await.unwrap();
    let mut told: Vec<_> = page.firings.iter().map(in_short).collect();
    told.reverse();
    told
}

pub(super) fn in_short(firing: &Firing) -> String {
    let time = |at: &Timestamp| at.strftime("%H:%M").to_string();
    match firing {
        Firing::Fired { moment, .. } => format!("{} fired", time(moment)),
        Firing::Stretch {
            from,
            to,
            count,
            why,
        } => format!("{}-{} {count} {}", time(from), time(to), why.as_str()),
        Firing::Run { .. } => "run".to_owned(),
    }
}

pub async fn a_schedule_reads_back_as_it_was_created(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;

    let created = create(&*store, wanted("report", "*/10 * * * *")).await;

    assert_eq!(created.next_at, Some(moment("2026-11-21T12:10:00Z")));
    assert_eq!(
        store.schedule(created.id).await.unwrap(),
        Some(created.clone())
    );
    assert_eq!(
        store.schedules(None).await.unwrap(),
        std::slice::from_ref(&created)
    );
    let name = "other".parse().unwrap();
    assert_eq!(store.schedules(Some(&name)).await.unwrap(), []);
    let audited = subject.audit_rows().await;
    assert_eq!(audited[0].target, created.id.to_string());
    let unknown = ScheduleId::try_from(4711).unwrap();
    assert_eq!(store.schedule(unknown).await.unwrap(), None);
}

pub async fn one_that_runs_the_same_is_refused_while_both_would_fire(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let first = create(&*store, wanted("report", "*/10 * * * *")).await;
    let alike = |it: Result<Schedule, StoreError>| {
        assert!(matches!(it, Err(StoreError::ScheduleAlike)), "{it:?}");
    };

    let again = wanted("report", "30 9 * * *");
    alike(
        store
            .create_schedule(again.clone(), None, entry("schedule.create"))
            .await,
    );
    let mut paused = again.clone();
    paused.paused = true;
    let second = create(&*store, paused).await;
    alike(
        store
            .resume_schedule(second.id, entry("schedule.resume"))
            .await,
    );
    create(&*store, wanted("other", "30 9 * * *")).await;
    store
        .pause_schedule(first.id, entry("schedule.pause"))
        .await
        .unwrap();
    store
        .resume_schedule(second.id, entry("schedule.resume"))
        .await
        .unwrap();
    alike(
        store
            .change_schedule(first.id, again, entry("schedule.change"))
            .await,
    );
    store
        .remove_schedule(second.id, entry("schedule.remove"))
        .await
        .unwrap();
    store
        .resume_schedule(first.id, entry("schedule.resume"))
        .await
        .unwrap();
}

pub async fn one_that_is_over_is_in_nobodys_way(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:00Z");
    let store = store(&subject, &hand).await;
    let mut once = wanted("report", "* * * * *");
    once.definition.timing = Timing::Once(moment("2026-11-21T12:00:10Z"));
    let over = create(&*store, once).await;
    hand.set("2026-11-21T12:00:11Z");

    assert_eq!(fire(&*store).await.firings.len(), 1);

    let over = store.schedule(over.id).await.unwrap().unwrap();
    assert_eq!(over.next_at, None);
    create(&*store, wanted("report", "* * * * *")).await;
}

pub async fn a_change_takes_effect_at_once_and_covers_what_was_before(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "*/10 * * * *")).await;
    hand.set("2026-11-21T12:10:01Z");
    let stale = prepared(&*store).await;

    let changed = wanted("report", "5 * * * *");
    let changed = store
        .change_schedule(schedule.id, changed, entry("schedule.change"))
        .await;

    let changed = changed.unwrap();
    assert_eq!(changed.version, schedule.version + 1);
    assert_eq!(changed.next_at, Some(moment("2026-11-21T13:05:00Z")));
    assert_eq!(told(&*store, schedule.id).await, ["12:10-12:10 1 changed"]);
    hand.set("2026-11-21T13:05:01Z");
    let fired = store.fire(&stale).await.unwrap();
    assert_eq!(
        fired.schedules, 0,
        "what was prepared for another version fires nothing"
    );
    fire(&*store).await;
    assert_eq!(
        told(&*store, schedule.id).await,
        ["12:10-12:10 1 changed", "13:05 fired"]
    );
}

pub async fn while_it_is_paused_nothing_fires_and_all_is_covered_afterwards(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "*/10 * * * *")).await;
    let paused = store
        .pause_schedule(schedule.id, entry("schedule.pause"))
        .await
        .unwrap();
    assert!(paused.paused);
    assert_eq!(paused.next_at, None);
    let again = store
        .pause_schedule(schedule.id, entry("schedule.pause"))
        .await
        .unwrap();
    assert_eq!(again, paused);
    hand.set("2026-11-21T13:00:01Z");
    assert!(prepared(&*store).await.is_empty());

    let resumed = store
        .resume_schedule(schedule.id, entry("schedule.resume"))
        .await
        .unwrap();

    assert_eq!(resumed.next_at, Some(moment("2026-11-21T13:10:00Z")));
    assert_eq!(told(&*store, schedule.id).await, ["12:10-13:00 6 paused"]);
}

pub async fn one_that_was_removed_never_fires_and_its_firings_stay(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let schedule = create(&*store, wanted("report", "*/10 * * * *")).await;
    hand.set("2026-11-21T12:10:00Z");
    fire(&*store).await;
    hand.set("2026-11-21T12:20:00Z");
    let stale = prepared(&*store).await;

    store
        .remove_schedule(schedule.id, entry("schedule.remove"))
        .await
        .unwrap();

    assert_eq!(store.fire(&stale).await.unwrap().schedules, 0);
    assert_eq!(store.schedules(None).await.unwrap(), []);
    let removed = store.schedule(schedule.id).await.unwrap().unwrap();
    assert!(removed.removed_at.is_some());
    assert_eq!(
        told(&*store, schedule.id).await,
        ["12:10 fired", "12:20-12:20 1 changed"]
    );
    let again = store
        .remove_schedule(schedule.id, entry("schedule.remove"))
        .await;
    assert!(matches!(again, Err(StoreError::NoSchedule(id)) if id == schedule.id));
}

pub async fn what_a_user_was_is_kept_until_it_changes(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let ann = "ann@example.com".to_owned();
    assert_eq!(store.seen_user(&ann).await.unwrap(), None);

    store
        .note_users(&[(ann.clone(), vec!["ops".into(), "db".into()])])
        .await
        .unwrap();
    hand.set("2026-11-21T13:00:00Z");
    store.note_users(&[(ann.clone(), vec![])]).await.unwrap();

    let seen = store.seen_user(&ann).await.unwrap().unwrap();
    assert_eq!(
        (seen.groups.len(), seen.seen_at),
        (0, moment("2026-11-21T13:00:00Z"))
    );
}

pub async fn the_schedules_clock_is_the_stores(subject: impl Subject) {
    let store = subject.store();
    let before = store.clock().await.unwrap();

    let created = create(store, wanted("report", "* * * * *")).await;

    let due = store.due_schedules(ALL).await.unwrap();
    assert!(before <= created.created_at && created.created_at <= due.now);
    assert!(due.now.duration_since(before) < SignedDuration::from_mins(1));
    assert_eq!(due.next_at, created.next_at);
    let why = Why::ALL.map(Why::as_str);
    assert_eq!(why, ["paused", "overlap", "downtime", "held", "changed"]);
}

pub async fn one_of_version_2_begins_when_it_is_imported_and_comes_once(subject: impl Subject) {
    let hand = Hand::at("2026-11-21T12:00:30Z");
    let store = store(&subject, &hand).await;
    let imported = |v2_id, proc_name: &str| ImportedSchedule {
        v2_id,
        new: wanted(proc_name, "* * * * *"),
        created_at: Some(moment("2019-10-03T04:00:58Z")),
    };
    let greatest = i64::MAX.cast_unsigned();

    let first = store.import_schedule(&imported(greatest, "report")).await;
    let found = store.schedule_of_v2(greatest).await.unwrap().unwrap();
    let again = store.import_schedule(&imported(greatest, "other")).await;
    let alike = store.import_schedule(&imported(7, "report")).await;

    assert!(first.unwrap());
    assert!(!again.unwrap());
    assert!(matches!(alike, Err(StoreError::ScheduleAlike)), "{alike:?}");
    assert_eq!(
        store.schedule(found.id).await.unwrap().as_ref(),
        Some(&found)
    );
    assert_eq!(found.created_at, moment("2019-10-03T04:00:58Z"));
    assert_eq!(found.covered_until, moment("2026-11-21T12:00:30Z"));
    assert_eq!(found.next_at, Some(moment("2026-11-21T12:01:00Z")));
    hand.set("2026-11-21T12:01:00Z");
    fire(&*store).await;
    assert_eq!(told(&*store, found.id).await, ["12:01 fired"]);
    let removed = store.remove_schedule(found.id, entry("schedule.remove"));
    let removed = removed.await.unwrap();
    let gone = store.import_schedule(&imported(greatest, "report")).await;
    assert!(!gone.unwrap());
    let found = store.schedule_of_v2(greatest).await.unwrap();
    assert_eq!(found, Some(removed));
    for unknown in [7, u64::MAX] {
        assert_eq!(store.schedule_of_v2(unknown).await.unwrap(), None);
    }
}
