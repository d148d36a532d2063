//! How fast and how soon a log reaches those who follow it on another replica than the one that writes it, against
//! those who follow it where it is written: the same log, the same moment, one Postgres. And whether a thousand
//! followers elsewhere have everything, and what they cost the store.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

#[path = "shared/execution.rs"]
mod execution;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proctor_api::{LogEnd, Status};
use proctor_testkit::postgres::Server;
use proctord::domain::execution::Execution;
use proctord::logs::{Follower, Hold, Logs, Writing};
use proctord::metrics::Metrics;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{LogAppend, Store};
use tokio::task::JoinSet;

use execution::{audit_entry, new_execution};

const LINES: usize = 300;
const BETWEEN_LINES: Duration = Duration::from_millis(20);
const FLOOD_BYTES: usize = 64 * 1024 * 1024;
const APPEND_BYTES: usize = 512 * 1024;
const FOLLOWERS: usize = 1000;
const CROWD_BYTES: usize = 4 * 1024 * 1024;

/// A replica, as far as logs go.
struct Replica {
    store: Arc<dyn Store>,
    logs: Logs,
    metrics: Arc<Metrics>,
    _looking: JoinSet<()>,
}

/// A log while it is written.
struct Log<'a> {
    logs: &'a Logs,
    execution: Execution,
    written: u64,
    _writing: Writing,
}

impl Replica {
    async fn on(server: &Server) -> Self {
        let settings: PostgresSettings = server.url().parse().unwrap();
        let store: Arc<dyn Store> = Arc::new(PostgresStore::new(&settings));
        let (logs, metrics) = (Logs::new(Arc::clone(&store)), Arc::new(Metrics::default()));
        let mut looking = JoinSet::new();
        let (out, counted) = (logs.clone(), Arc::clone(&metrics));
        looking.spawn(async move { out.look_out(|| counted.looked_out()).await });
        Self {
            store,
            logs,
            metrics,
            _looking: looking,
        }
    }

    async fn log(&self) -> Log<'_> {
        let new = new_execution();
        let entry = audit_entry(&new);
        let accepted = self.store.accept(new, None, entry).await.unwrap();
        let execution = accepted.execution().clone();
        Log {
            _writing: self.logs.write_here(&execution, Hold::Host),
            logs: &self.logs,
            execution,
            written: 0,
        }
    }
}

impl Log<'_> {
    async fn append(&mut self, bytes: Bytes) {
        let append = LogAppend {
            id: self.execution.id,
            fence: self.execution.fence,
            offset: self.written,
            cursor: self.written.to_string(),
            events: Vec::new(),
            bytes,
        };
        self.written = append.end();
        self.logs.append(append).await.unwrap();
    }

    async fn finish(self) {
        let end = LogEnd {
            status: Status::Succeeded,
            exit_code: Some(0),
            signal: None,
            reason: None,
            bytes: self.written,
            log_complete: true,
        };
        let (id, fence) = (self.execution.id, self.execution.fence);
        self.logs.finish(id, fence, end).await.unwrap();
    }
}

/// Reads to the end; answers when each byte count was reached.
async fn read(mut follower: Follower) -> Vec<(u64, Instant)> {
    let mut reached = Vec::new();
    while let Some(slice) = follower.next().await.unwrap() {
        if !slice.chunks.is_empty() {
            reached.push((slice.next.offset, Instant::now()));
        }
    }
    reached
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// Milliseconds from handing a line to the writer until a follower has it.
fn delays(written: &[(u64, Instant)], reached: &[(u64, Instant)]) -> Vec<f64> {
    let mut delays: Vec<_> = written
        .iter()
        .map(|(end, at)| {
            let (_, had) = reached.iter().find(|(offset, _)| offset >= end).unwrap();
            had.duration_since(*at).as_secs_f64() * 1000.0
        })
        .collect();
    delays.sort_unstable_by(f64::total_cmp);
    delays
}

async fn latency(here: &Replica, elsewhere: &Replica) {
    let mut log = here.log().await;
    let id = log.execution.id;
    let mut followers = JoinSet::new();
    for (number, replica) in [here, elsewhere].into_iter().enumerate() {
        let follower = replica.logs.follow(id, 0);
        followers.spawn(async move { (number, read(follower).await) });
    }
    let mut written = Vec::new();
    let mut ticks = tokio::time::interval(BETWEEN_LINES);
    for number in 0..LINES {
        ticks.tick().await;
        let line = Bytes::from(format!("line {number}\n"));
        written.push((log.written + line.len() as u64, Instant::now()));
        log.append(line).await;
    }
    log.finish().await;
    let mut reached = followers.join_all().await;
    reached.sort_unstable_by_key(|(number, _)| *number);
    let own = delays(&written, &reached[0].1);
    let other = delays(&written, &reached[1].1);
    println!("a line, ms from the writer to the follower   p50     p99");
    for (name, delays) in [("where it is written", &own), ("elsewhere", &other)] {
        let (half, most) = (percentile(delays, 50), percentile(delays, 99));
        println!("{name:40} {half:7.1} {most:7.1}");
    }
    let ratio = percentile(&other, 50) / percentile(&own, 50);
    println!("{:40} {ratio:7.1}", "elsewhere/own at p50");
}

/// Bytes a second to one follower of a log that is written as fast as the store takes it.
async fn flood(here: &Replica, follows: &Replica) -> f64 {
    let mut log = here.log().await;
    let mut followers = JoinSet::new();
    followers.spawn(read(follows.logs.follow(log.execution.id, 0)));
    let line = b"a line of some length, so that the log is large enough to matter\n";
    let bytes: Bytes = line.iter().copied().cycle().take(APPEND_BYTES).collect();
    let began = Instant::now();
    for _ in 0..FLOOD_BYTES / APPEND_BYTES {
        log.append(bytes.clone()).await;
    }
    log.finish().await;
    let reached = followers.join_all().await.remove(0);
    let (offset, at) = reached.last().unwrap();
    assert_eq!(*offset, FLOOD_BYTES as u64);
    *offset as f64 / at.duration_since(began).as_secs_f64()
}

async fn crowd(server: &Server, here: &Replica, elsewhere: &Replica) {
    let mut log = here.log().await;
    let mut followers = JoinSet::new();
    log.append(Bytes::from_static(b"first\n")).await;
    for _ in 0..FOLLOWERS {
        followers.spawn(read(elsewhere.logs.follow(log.execution.id, 6)));
    }
    let known = elsewhere.metrics.lookouts() + 2;
    while elsewhere.metrics.lookouts() < known {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let before = chunk_reads(server).await;
    let began = Instant::now();
    while log.written < CROWD_BYTES as u64 {
        log.append(Bytes::from(vec![b'x'; APPEND_BYTES / 8])).await;
    }
    let length = log.written;
    log.finish().await;
    let reached = followers.join_all().await;
    let took = began.elapsed();
    let complete = reached
        .iter()
        .filter(|reached| reached.last().is_some_and(|(offset, _)| *offset == length));
    let reads = chunk_reads(server).await - before;
    println!(
        "{} of {FOLLOWERS} followers elsewhere read all {length} bytes in {took:.1?}, with {reads} reads of the store",
        complete.count()
    );
}

async fn chunk_reads(server: &Server) -> i64 {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&server.url()).await.unwrap();
    sqlx::query_scalar(
        "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
          WHERE query LIKE 'SELECT%codec, bytes FROM proctor.chunk%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap()
}

#[tokio::main]
async fn main() {
    let server = Server::builder()
        .setting("fsync=on")
        .setting("shared_preload_libraries=pg_stat_statements")
        .start();
    let settings: PostgresSettings = server.url().parse().unwrap();
    migrations::apply(&settings).await.unwrap();
    {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&server.url()).await.unwrap();
        let extension = "CREATE EXTENSION pg_stat_statements";
        sqlx::raw_sql(extension)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let (here, elsewhere) = (Replica::on(&server).await, Replica::on(&server).await);
    println!("following a log where it is written, and on another replica");
    latency(&here, &elsewhere).await;
    println!("one follower                 own MB/s   elsewhere MB/s   elsewhere/own");
    for _ in 0..3 {
        let own = flood(&here, &here).await / 1e6;
        let other = flood(&here, &elsewhere).await / 1e6;
        println!("{own:37.1} {other:16.1} {:15.2}", other / own);
    }
    crowd(&server, &here, &elsewhere).await;
}
