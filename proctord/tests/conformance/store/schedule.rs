//! Schedules as the store keeps them: what people do to them, what is claimed, and that every moment is covered once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use proctor_api::{Firing, NotifyOn, Overlap, Status, Why};
use proctord::domain::execution::RunnerKind;
use proctord::domain::lifecycle::Event;
use proctord::domain::schedule::{
    Definition, Held, MisfireRule, RUN_AS, Schedule, ScheduleId, Timing,
};
use proctord::store::{Aim, Fired, NewSchedule, Prepared, Store, StoreError};

use super::sample::{change, entry, moment, new_execution, run, success};
use super::subject::Subject;

const ALL: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// A clock that stands where it is put.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(moment(text).as_microsecond())))
    }

    fn set(&self, text: &str) {
        self.0
            .store(moment(text).as_microsecond(), Ordering::SeqCst);
    }

    fn clock(&self) -> impl Fn() -> Timestamp + Send + Sync + Clone + 'static {
        let hand = self.0.clone();
        move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap()
    }
}

async fn stores(subject: &impl Subject, hand: &Hand, count: usize) -> Vec<Arc<dyn Store>> {
    subject.on_clock(count, Arc::new(hand.clock())).await
}

async fn store(subject: &impl Subject, hand: &Hand) -> Arc<dyn Store> {
    stores(subject, hand, 1).await.remove(0)
}

fn wanted(proc_name: &str, cron: &str) -> NewSchedule {
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

async fn create(store: &dyn Store, new: NewSchedule) -> Schedule {
    let created = store.create_schedule(new, entry("schedule.create")).await;
    created.unwrap()
}

/// What is due, with executions of any number at once.
async fn prepared(store: &dyn Store) -> Vec<Prepared> {
    let due = store.due_schedules(ALL).await.unwrap();
    let prepared = due.schedules.iter().map(|schedule| {
        let mut new = new_execution(schedule.definition.proc_name.as_str());
        new.user = RUN_AS.into();
        prepare(schedule, Aim::Run(Box::new(new)))
    });
    prepared.collect()
}

fn prepare(schedule: &Schedule, aim: Aim) -> Prepared {
    Prepared {
        id: schedule.id,
        version: schedule.version,
        moments: schedule.definition.moments().unwrap(),
        aim,
    }
}

async fn fire(store: &dyn Store) -> Fired {
    let prepared = prepared(store).await;
    store.fire(&prepared).await.unwrap()
}

/// What became of a schedule's moments, oldest first, in short.
async fn told(store: &dyn Store, id: ScheduleId) -> Vec<String> {
    let page = store.firings(id, None, ALL).await.unwrap();
    let mut told: Vec<_> = page.firings.iter().map(in_short).collect();
    told.reverse();
    told
}

fn in_short(firing: &Firing) -> String {
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
    assert_eq!(store.schedules(None).await.unwrap(), [created.clone()]);
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
            .create_schedule(again.clone(), entry("schedule.create"))
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
        .run_schedule(schedule.id, new, entry("schedule.run"))
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
        .run_schedule(schedule.id, new_execution("report"), entry("schedule.run"))
        .await;
    assert!(matches!(again, Err(StoreError::NoSchedule(_))), "{again:?}");
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
