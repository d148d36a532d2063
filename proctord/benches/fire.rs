//! How late schedules fire that are all due at the same moment: 10,000 of them, in real time, by one replica and by
//! three on one Postgres. Lateness is from the moment to its execution being accepted. It fails if a moment did not fire,
//! or fired twice.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, select};
use jiff::{SignedDuration, Timestamp};
use proctor_api::{Metadata, NotifyOn, Overlap};
use proctor_testkit::postgres::Server;
use proctord::catalog::Catalog;
use proctord::catalog::sealing::SecretKeys;
use proctord::catalog::sqlite::SqliteCatalog;
use proctord::domain::execution::Defaults;
use proctord::domain::schedule::{Definition, MisfireRule, Timing};
use proctord::metrics::ScheduleMetrics;
use proctord::policy::Policy;
use proctord::runner::local::LocalRunner;
use proctord::scheduler::{Launch, Parts, Scheduler};
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{AuditEntry, AuditResult, NewSchedule, Replica, Schedules};
use sqlx::PgPool;

const SCHEDULES: usize = 10_000;
/// How many procs they are of.
const PROCS: usize = 50;
/// How many are created at a time.
const CREATORS: usize = 8;
/// Until they are due.
const AHEAD: SignedDuration = SignedDuration::from_secs(90);
const KEYS: &str = "one:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    for replicas in [1, 3] {
        run(replicas).await;
    }
}

async fn run(replicas: usize) {
    let database = Server::shared().database();
    let mut settings: PostgresSettings = database.url().parse().unwrap();
    settings.max_connections = 8.try_into().unwrap();
    migrations::apply(&settings).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keys = SecretKeys::parse(KEYS).unwrap();
    let catalog: Arc<dyn Catalog> =
        Arc::new(SqliteCatalog::open(folder.path(), keys).await.unwrap());
    publish(catalog.as_ref()).await;
    let at = Timestamp::now() + AHEAD;
    create(&PostgresStore::new(&settings), at).await;
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let schedulers: Vec<_> = (0..replicas)
        .map(|number| {
            let root = folder.path().join(format!("replica-{number}"));
            let runner = LocalRunner::open(root, PathBuf::from("/bin/true"), Duration::ZERO);
            Scheduler::new(Parts {
                store: Arc::new(PostgresStore::new(&settings)),
                catalog: Arc::clone(&catalog),
                runner: Arc::new(runner.unwrap()),
                defaults: Defaults::default(),
                authentication: None,
                policy: Policy::AllowAll,
                replica: Replica {
                    id: format!("replica-{number}"),
                    host: format!("host-{number}"),
                },
                launch: Launch::Elsewhere,
                metrics: ScheduleMetrics::default(),
            })
        })
        .collect();
    let firing = join_all(schedulers.iter().map(Scheduler::run));
    select(Box::pin(firing), Box::pin(all_fired(&pool))).await;
    tell(&pool, replicas).await;
}

async fn publish(catalog: &dyn Catalog) {
    let procs = (0..PROCS).map(|number| {
        let name = format!("proc-{number}");
        let metadata = Metadata {
            name: name.clone(),
            command: Some(vec!["true".into()]),
            ..Metadata::default()
        };
        (name.parse().unwrap(), metadata)
    });
    catalog.publish(&procs.collect::<Vec<_>>()).await.unwrap();
}

async fn create(store: &PostgresStore, at: Timestamp) {
    let creators = (0..CREATORS).map(|creator| async move {
        for number in (creator..SCHEDULES).step_by(CREATORS) {
            let audit = AuditEntry {
                who: "ann@example.com".into(),
                action: "schedule.create",
                target: String::new(),
                source: "192.0.2.1".into(),
                result: AuditResult::Done,
                request_id: "request".into(),
            };
            store
                .create_schedule(schedule(number, at), None, audit)
                .await
                .unwrap();
        }
    });
    join_all(creators).await;
    assert!(
        Timestamp::now() < at,
        "the schedules were not there in time"
    );
}

fn schedule(number: usize, at: Timestamp) -> NewSchedule {
    NewSchedule {
        definition: Definition {
            proc_name: format!("proc-{}", number % PROCS).parse().unwrap(),
            args: [("NUMBER".to_owned(), number.to_string())].into(),
            tags: "bench".into(),
            group: "ops".into(),
            emails: vec!["ann@example.com".into()],
            timing: Timing::Once(at),
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

async fn all_fired(pool: &PgPool) {
    let count = "SELECT count(*) FROM proctor.firing";
    while sqlx::query_scalar::<_, i64>(count)
        .fetch_one(pool)
        .await
        .unwrap()
        < SCHEDULES as i64
    {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn tell(pool: &PgPool, replicas: usize) {
    let (rows, schedules, executions): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT schedule_id), count(DISTINCT execution_id) FROM proctor.firing WHERE why IS NULL",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    let late: Vec<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM percentile_disc(share) WITHIN GROUP (ORDER BY execution.created_at - moment))::float8
           FROM proctor.firing JOIN proctor.execution ON execution.id = execution_id,
                unnest(ARRAY[0.5, 0.9, 0.99, 1.0]) AS share
          GROUP BY share ORDER BY share",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    println!(
        "{replicas} replicas: {rows} of {SCHEDULES} due at once have fired; lateness p50 {:.0} ms, p90 {:.0} ms, \
         p99 {:.0} ms, max {:.0} ms",
        late[0] * 1e3,
        late[1] * 1e3,
        late[2] * 1e3,
        late[3] * 1e3,
    );
    let all = SCHEDULES as i64;
    assert_eq!((rows, schedules, executions), (all, all, all));
}
