//! Replicas with a store each on one Postgres, and followers that hold every piece against the one before.

use std::sync::Arc;

use proctor_testkit::postgres::Server;
use proctor_testkit::wait_for_async;
use proctord::domain::execution::Execution;
use proctord::logs::{Follower, Logs};
use proctord::metrics::Metrics;
use proctord::store::postgres::{PostgresSettings, PostgresStore, migrations};
use proctord::store::{LOG_LIMIT_BYTES, LogSlice, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::store::sample::{accept, new_execution};

/// A Postgres that counts what it is asked.
pub struct Scene {
    pub server: Server,
    log_limit: u64,
}

/// A replica, as far as logs go.
pub struct ReplicaUnderTest {
    pub store: Arc<dyn Store>,
    pub logs: Logs,
    metrics: Arc<Metrics>,
    looking: JoinSet<()>,
}

/// What a follower has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub bytes: Vec<u8>,
    pub events: Vec<u64>,
    /// How many bytes were told to be missing.
    pub missing: u64,
    /// How often the store could not be read.
    pub errors: usize,
    ended: bool,
}

/// A follower at work.
pub struct Followed {
    seen: watch::Receiver<Seen>,
    _task: JoinSet<()>,
}

impl Scene {
    pub async fn new() -> Self {
        Self::keeping(LOG_LIMIT_BYTES).await
    }

    /// One that keeps so many bytes of a log.
    pub async fn keeping(log_limit: u64) -> Self {
        let server = Server::builder()
            .setting("shared_preload_libraries=pg_stat_statements")
            .start();
        let settings: PostgresSettings = server.url().parse().unwrap();
        migrations::apply(&settings).await.unwrap();
        let scene = Self { server, log_limit };
        scene.psql("CREATE EXTENSION pg_stat_statements");
        scene
    }

    /// One more replica.
    pub fn replica(&self) -> ReplicaUnderTest {
        let mut settings: PostgresSettings = self.server.url().parse().unwrap();
        settings.max_connections = 8.try_into().unwrap();
        let store = PostgresStore::new(&settings).with_log_limit(self.log_limit);
        let store: Arc<dyn Store> = Arc::new(store);
        let mut replica = ReplicaUnderTest {
            logs: Logs::new(Arc::clone(&store)),
            store,
            metrics: Arc::default(),
            looking: JoinSet::new(),
        };
        replica.look_out();
        replica
    }

    /// How often chunks have been read.
    pub fn chunk_reads(&self) -> u64 {
        let calls = self.psql(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
              WHERE query LIKE 'SELECT%codec, bytes FROM proctor.chunk%'",
        );
        calls.parse().unwrap()
    }

    fn psql(&self, statements: &str) -> String {
        let mut command = std::process::Command::new("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--command", statements])
            .arg(self.server.url());
        let ran = command.output().expect("psql can be run");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{statements}: {said}");
        String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
    }
}

impl ReplicaUnderTest {
    /// Begins to look out for what others write.
    pub fn look_out(&mut self) {
        let (logs, metrics) = (self.logs.clone(), Arc::clone(&self.metrics));
        self.looking
            .spawn(async move { logs.look_out(|| metrics.looked_out()).await });
    }

    /// Looks out no more.
    pub async fn look_away(&mut self) {
        self.looking.shutdown().await;
    }

    /// How many queries for logs that are written elsewhere there were.
    pub fn lookouts(&self) -> u64 {
        self.metrics.lookouts()
    }

    /// Waits until it has asked so many more times.
    pub async fn looked(&self, times: u64) {
        let begun = self.lookouts();
        wait_for_async(&format!("{times} more lookouts"), async || {
            let seen = self.lookouts() - begun;
            if seen >= times { Ok(()) } else { Err(seen) }
        })
        .await;
    }

    /// An execution that belongs to no host.
    pub async fn accepted(&self) -> Execution {
        let mut new = new_execution("say-hello");
        new.host = None;
        accept(self.store.as_ref(), new).await
    }
}

impl Followed {
    pub fn on(replica: &ReplicaUnderTest, execution: &Execution) -> Self {
        let follower = replica.logs.follow(execution.id, 0);
        let (sender, seen) = watch::channel(Seen::default());
        let mut task = JoinSet::new();
        task.spawn(follow(follower, sender));
        Self { seen, _task: task }
    }

    /// Waits until it has seen so many bytes.
    pub async fn has(&self, length: usize) {
        let _ = self
            .until(&format!("{length} bytes"), |seen| {
                seen.bytes.len() >= length
            })
            .await;
    }

    /// Everything, once the log has ended.
    pub async fn ended(self) -> Seen {
        self.until("the end event", |seen| seen.ended).await
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Seen) -> bool) -> Seen {
        wait_for_async(what, async || {
            let seen = self.seen.borrow();
            if is_so(&seen) {
                return Ok(seen.clone());
            }
            Err((seen.bytes.len(), seen.events.clone(), seen.errors))
        })
        .await
    }
}

async fn follow(mut follower: Follower, seen: watch::Sender<Seen>) {
    loop {
        match follower.next().await {
            Ok(Some(slice)) => seen.send_modify(|seen| seen.take(slice)),
            Ok(None) => return seen.send_modify(|seen| seen.ended = true),
            Err(StoreError::Unavailable { .. }) => {
                seen.send_modify(|seen| seen.errors += 1);
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Seen {
    fn take(&mut self, slice: LogSlice) {
        if let Some(gap) = slice.gap {
            assert_eq!(gap.from, self.offset());
            self.missing += gap.to - gap.from;
        }
        for chunk in slice.chunks {
            assert_eq!(chunk.offset, self.offset(), "a byte is skipped or doubled");
            self.bytes.extend_from_slice(&chunk.bytes);
        }
        self.events
            .extend(slice.events.iter().map(|event| event.number));
    }

    fn offset(&self) -> u64 {
        self.bytes.len() as u64 + self.missing
    }
}
