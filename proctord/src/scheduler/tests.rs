use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proctor_api::{Metadata, NotifyOn, Overlap};
use proctor_testkit::wait_for_async;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tokio::time::timeout;

use super::{Launch, Parts, Scheduler};
use crate::catalog::Catalog;
use crate::catalog::sealing::SecretKeys;
use crate::catalog::sqlite::SqliteCatalog;
use crate::domain::execution::Defaults;
use crate::domain::schedule::{Definition, MisfireRule, Schedule, Timing};
use crate::metrics::ScheduleMetrics;
use crate::policy::Policy;
use crate::runner::local::LocalRunner;
use crate::store::sqlite::SqliteStore;
use crate::store::{AuditEntry, AuditResult, NewSchedule, Replica, Schedules, Store};
use crate::ticker::Ticker;

const KEYS: &str = "one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const PATIENCE: Duration = Duration::from_secs(30);

async fn scheduler(folder: &Path) -> Scheduler {
    let keys = SecretKeys::parse(KEYS).unwrap();
    let catalog = SqliteCatalog::open(folder, keys).await.unwrap();
    let metadata = Metadata {
        name: "report".to_owned(),
        command: Some(vec!["true".to_owned()]),
        ..Metadata::default()
    };
    let published = ("report".parse().unwrap(), metadata);
    catalog.publish(&[published]).await.unwrap();
    let root = folder.join("runs");
    let runner = LocalRunner::open(root, PathBuf::from("/bin/true"), Duration::ZERO);
    Scheduler::new(Parts {
        store: Arc::new(SqliteStore::open(folder).await.unwrap()),
        catalog: Arc::new(catalog),
        runner: Arc::new(runner.unwrap()),
        defaults: Defaults::default(),
        authentication: None,
        policy: Policy::AllowAll,
        replica: Replica {
            id: "replica".to_owned(),
            host: "host".to_owned(),
        },
        launch: Launch::Elsewhere,
        metrics: ScheduleMetrics::default(),
    })
}

async fn create(store: &dyn Store, who: &str, at: Timestamp) -> Schedule {
    let new = NewSchedule {
        definition: Definition {
            proc_name: "report".parse().unwrap(),
            args: [("WHO".to_owned(), who.to_owned())].into(),
            tags: "t".to_owned(),
            group: "g".to_owned(),
            emails: vec!["ann@example.com".to_owned()],
            timing: Timing::Once(at),
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
    let audit = AuditEntry {
        who: "ann@example.com".to_owned(),
        action: "schedule.create",
        target: String::new(),
        source: String::new(),
        result: AuditResult::Done,
        request_id: String::new(),
    };
    store.create_schedule(new, None, audit).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_ends_a_pause_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let scheduler = scheduler(folder.path()).await;
    let ticker = Ticker::start(vec![scheduler.tick()]).unwrap();

    let day = Duration::from_secs(24 * 60 * 60);
    for _ in 0..2 {
        timeout(PATIENCE, scheduler.wait(day)).await.unwrap();
    }

    drop(ticker);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_creates_fires_though_all_that_was_known_is_far_off() {
    let folder = tempfile::tempdir().unwrap();
    let scheduler = scheduler(folder.path()).await;
    let ticker = Ticker::start(vec![scheduler.tick()]).unwrap();
    let other = SqliteStore::open(folder.path()).await.unwrap();
    let now = Timestamp::now();
    create(&other, "far", now + SignedDuration::from_hours(24)).await;

    let watching = async {
        // Two looks, so that it waits for the one that is far off.
        let soon = Timestamp::now() + SignedDuration::from_millis(2500);
        let soon = create(&other, "soon", soon).await;
        wait_for_async("the schedule to have fired", async || {
            let one = NonZeroU32::MIN;
            let page = other.firings(soon.id, None, one).await.unwrap();
            page.firings.into_iter().next().ok_or("no firing")
        })
        .await
    };
    tokio::select! {
        () = scheduler.run() => panic!("it ended"),
        _ = watching => {}
    }

    drop(ticker);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_written_keeps_no_other_from_firing() {
    let folder = tempfile::tempdir().unwrap();
    let scheduler = scheduler(folder.path()).await;
    let store = Arc::clone(&scheduler.parts.store);
    let due = Timestamp::now() + SignedDuration::from_secs(1);
    let mut ids = Vec::new();
    for number in 0..9 {
        ids.push(create(store.as_ref(), &number.to_string(), due).await.id);
    }
    let poisoned = ids.remove(5);
    let options = SqliteConnectOptions::new().filename(folder.path().join("proctor.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let poison = format!(
        "CREATE TRIGGER poison BEFORE INSERT ON firing WHEN NEW.schedule_id = {poisoned}
         BEGIN SELECT RAISE(ABORT, 'it is poisoned'); END"
    );
    let poison = sqlx::raw_sql(AssertSqlSafe(poison));
    poison.execute(&mut connection).await.unwrap();
    let fired = async |id| {
        let page = store.firings(id, None, NonZeroU32::MIN).await.unwrap();
        page.firings.into_iter().next().ok_or("no firing")
    };

    let watching = async {
        for id in &ids {
            wait_for_async("the others to have fired", async || fired(*id).await).await;
        }
        fired(poisoned).await.unwrap_err();
        let cure = sqlx::raw_sql("DROP TRIGGER poison");
        cure.execute(&mut connection).await.unwrap();
        wait_for_async("it to fire as well", async || fired(poisoned).await).await
    };
    tokio::select! {
        () = scheduler.run() => panic!("it ended"),
        _ = watching => {}
    }
}
