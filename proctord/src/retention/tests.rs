use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proctor_api::{NotifyOn, Overlap};
use proctor_testkit::wait_for_async;

use super::Retention;
use crate::domain::schedule::{Definition, MisfireRule, ScheduleId, Timing};
use crate::store::sqlite::SqliteStore;
use crate::store::{AuditEntry, AuditResult, NewSchedule, Schedules};

const KEEP: SignedDuration = SignedDuration::from_hours(24);

fn entry() -> AuditEntry {
    AuditEntry {
        who: "ann@example.com".to_owned(),
        action: "schedule.create",
        target: String::new(),
        source: String::new(),
        result: AuditResult::Done,
        request_id: String::new(),
    }
}

/// A schedule that was removed two days ago, after some of its moments had been covered.
async fn removed(folder: &Path, proc_name: &str) -> ScheduleId {
    let then = Timestamp::now() - SignedDuration::from_hours(48);
    let at = |moment| async move {
        let store = SqliteStore::open(folder).await.unwrap();
        store.with_schedule_clock(move || moment)
    };
    let new = NewSchedule {
        definition: Definition {
            proc_name: proc_name.parse().unwrap(),
            args: [].into(),
            tags: "t".to_owned(),
            group: "g".to_owned(),
            emails: vec!["ann@example.com".to_owned()],
            timing: Timing::Cron {
                stored: "0 * * * * *".to_owned(),
                not_before: None,
                not_after: None,
            },
            time_zone: "UTC".to_owned(),
            overlap: Overlap::Allow,
            misfire: MisfireRule::Once,
            misfire_after: 60,
            jitter_seconds: 0,
            notify_on: NotifyOn::Always,
        },
        owner: "ann@example.com".to_owned(),
        paused: false,
    };
    let created = at(then).await.create_schedule(new, None, entry()).await;
    let id = created.unwrap().id;
    let later = at(then + SignedDuration::from_mins(5)).await;
    later.remove_schedule(id, entry()).await.unwrap();
    id
}

async fn rows(store: &SqliteStore, id: ScheduleId) -> usize {
    let page = store.firings(id, None, NonZeroU32::MAX).await.unwrap();
    page.firings.len()
}

async fn wait_until_forgotten(store: &SqliteStore, id: ScheduleId) {
    wait_for_async("its stretch to be forgotten", async || {
        match rows(store, id).await {
            0 => Ok(()),
            rows => Err(rows),
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_old_is_forgotten_at_once_and_at_each_tick() {
    let folder = tempfile::tempdir().unwrap();
    let first = removed(folder.path(), "first").await;
    let store = Arc::new(SqliteStore::open(folder.path()).await.unwrap());
    assert_eq!(rows(&store, first).await, 1);
    let retention = Retention::new(store.clone(), Some(KEEP));
    let tick = retention.tick();

    let watching = async {
        wait_until_forgotten(&store, first).await;
        let second = removed(folder.path(), "second").await;
        assert_eq!(rows(&store, second).await, 1);
        tick.poke.notify_one();
        wait_until_forgotten(&store, second).await;
    };

    tokio::select! {
        () = retention.run() => panic!("it ended"),
        () = watching => {}
    }
}
