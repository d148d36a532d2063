//! How fast executions are accepted, to the commit, against the least that a Postgres must do for it: one bare
//! INSERT of such a row, committed, into a table with nothing but a primary key, over as many connections to the
//! same server in the same run. Both are measured in turns, so that a busy machine slows both down.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

#[path = "shared/execution.rs"]
mod execution;

use std::time::{Duration, Instant};

use futures::future::join_all;
use proctor_testkit::postgres::Server;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{Idempotency, Store};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use execution::{audit_entry, new_execution};

const CONNECTIONS: u32 = 32;
const PARALLEL: [usize; 4] = [1, 8, 32, 128];
/// Each side has so many turns of so long at each width.
const TURNS: usize = 3;
const TURN: Duration = Duration::from_secs(2);

macro_rules! insert_into {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (id, name, proc_name, \"user\", plan, runner, status, created_at, updated_at, start_before, owner,
               fence, slot, log_open)
             SELECT proctor.new_execution_id(at), $1, $2, $3, $4, $5, 'RECEIVED', at, at, at, $6, 1, TRUE, TRUE
               FROM (SELECT clock_timestamp() AS at) AS moment"
        )
    };
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Side {
    /// A row into a table with a primary key alone.
    Bare,
    /// The same row into a table with the indexes that lists and claims need.
    Indexed,
    /// All that accepting does: the row, its step, its key and its audit row.
    Accept,
}

const SIDES: [Side; 3] = [Side::Bare, Side::Indexed, Side::Accept];

struct Bench {
    pool: PgPool,
    store: PostgresStore,
}

/// How long each of many operations took, and in what time all of them were done.
#[derive(Default)]
struct Measured {
    took: Vec<Duration>,
    wall: Duration,
}

impl Measured {
    fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.wall.as_secs_f64()
    }

    fn percentile(&mut self, percent: usize) -> f64 {
        self.took.sort_unstable();
        let at = (self.took.len() * percent / 100).min(self.took.len() - 1);
        self.took[at].as_secs_f64() * 1000.0
    }
}

impl Bench {
    async fn open(url: &str) -> Self {
        let mut settings: PostgresSettings = url.parse().unwrap();
        settings.max_connections = CONNECTIONS.try_into().unwrap();
        migrations::apply(&settings).await.unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect(url)
            .await
            .unwrap();
        sqlx::raw_sql(
            "CREATE TABLE bare (LIKE proctor.execution INCLUDING DEFAULTS);
             ALTER TABLE bare ADD PRIMARY KEY (id);
             CREATE TABLE indexed (LIKE proctor.execution INCLUDING ALL)",
        )
        .execute(&pool)
        .await
        .unwrap();
        Self {
            store: PostgresStore::new(&settings),
            pool,
        }
    }

    async fn once(&self, side: Side) {
        match side {
            Side::Bare => self.insert("bare").await,
            Side::Indexed => self.insert("indexed").await,
            Side::Accept => self.accept().await,
        }
    }

    async fn insert(&self, table: &'static str) {
        let new = new_execution();
        let statement = match table {
            "bare" => insert_into!("bare"),
            _ => insert_into!("indexed"),
        };
        sqlx::query(statement)
            .bind(new.name.as_str())
            .bind(new.proc_name.as_str())
            .bind(&new.user)
            .bind(serde_json::to_string(&new.plan).unwrap())
            .bind(new.runner.as_str())
            .bind(&new.owner)
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn accept(&self) {
        let new = new_execution();
        let key = Idempotency {
            key: new.name.to_string(),
            request_digest: "digest of the request".into(),
        };
        let entry = audit_entry(&new);
        self.store.accept(new, Some(key), entry).await.unwrap();
    }

    /// One turn of one side at one width.
    async fn turn(&self, side: Side, parallel: usize, into: &mut Measured) {
        let began = Instant::now();
        let lanes = join_all((0..parallel).map(|_| async move {
            let mut took = Vec::new();
            while began.elapsed() < TURN {
                let start = Instant::now();
                self.once(side).await;
                took.push(start.elapsed());
            }
            took
        }));
        into.took.extend(lanes.await.into_iter().flatten());
        into.wall += began.elapsed();
    }
}

#[tokio::main]
async fn main() {
    // Commits reach the disk, as they do where executions must not be lost.
    let server = Server::builder().setting("fsync=on").start();
    let database = server.database();
    let bench = Bench::open(&database.url()).await;
    println!("accept against a bare INSERT and COMMIT, {CONNECTIONS} connections");
    println!("parallel   bare/s  indexed/s  accept/s  accept/bare  accept/indexed  p50 ms  p99 ms");
    for parallel in PARALLEL {
        let mut measured = [
            Measured::default(),
            Measured::default(),
            Measured::default(),
        ];
        for _ in 0..TURNS {
            for (side, into) in SIDES.into_iter().zip(&mut measured) {
                bench.turn(side, parallel, into).await;
            }
        }
        let [bare, indexed, accept] = &mut measured;
        println!(
            "{parallel:8} {:8.0} {:10.0} {:9.0} {:12.2} {:15.2} {:7.1} {:7.1}",
            bare.per_second(),
            indexed.per_second(),
            accept.per_second(),
            accept.per_second() / bare.per_second(),
            accept.per_second() / indexed.per_second(),
            accept.percentile(50),
            accept.percentile(99),
        );
    }
}
