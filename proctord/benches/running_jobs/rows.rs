//! What is stored of the executions, read from the database past proctord.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff_sqlx::Timestamp as Stored;
use proctor_testkit::kubernetes::Ledger;
use sqlx::PgPool;

/// How long nothing may change while it is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks: they are not to be what is measured.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Rows(PgPool);

/// Some durations, in their order.
#[derive(Debug)]
pub(super) struct Spread(Vec<Duration>);

impl Spread {
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let at = self.0.len() * percent / 100;
        let at = at.min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or_default()
    }
}

impl Rows {
    pub(super) async fn open(url: &str) -> Self {
        Self(PgPool::connect(url).await.unwrap())
    }

    /// Waits until so many executions have this status.
    pub(super) async fn wait_for_status(&self, status: &str, wanted: usize) {
        let count = async || {
            let outcomes = self.outcomes().await;
            outcomes.get(status).copied().unwrap_or_default()
        };
        wait_for(status, wanted, count).await;
    }

    /// How many executions have each status.
    pub(super) async fn outcomes(&self) -> BTreeMap<String, usize> {
        let counted = "SELECT status, count(*) FROM proctor.execution GROUP BY status";
        let counted: Vec<(String, i64)> = sqlx::query_as(counted).fetch_all(&self.0).await.unwrap();
        let counted = counted.into_iter();
        counted
            .map(|(status, count)| (status, count as usize))
            .collect()
    }

    /// How many logs have this length.
    pub(super) async fn logs_of(&self, bytes: usize) -> usize {
        let counted = "SELECT count(*) FROM proctor.log WHERE length = $1";
        let counted = sqlx::query_scalar::<_, i64>(counted).bind(bytes as i64);
        counted.fetch_one(&self.0).await.unwrap() as usize
    }

    /// How many executions have come to their ends with all that belongs to it.
    pub(super) async fn closed(&self) -> usize {
        let counted =
            "SELECT count(*) FROM proctor.execution WHERE finished_at IS NOT NULL AND NOT log_open";
        let counted = sqlx::query_scalar::<_, i64>(counted);
        counted.fetch_one(&self.0).await.unwrap() as usize
    }

    /// From when each was accepted until it was stored that it runs.
    pub(super) async fn until_running(&self) -> Spread {
        let moments = "SELECT execution.created_at, step.at FROM proctor.execution
            JOIN proctor.step ON step.execution_id = execution.id AND step.status = 'RUNNING'";
        let moments: Vec<(Stored, Stored)> =
            sqlx::query_as(moments).fetch_all(&self.0).await.unwrap();
        let moments = moments.into_iter();
        Spread::of(
            moments
                .map(|(from, to)| between(from.to_jiff(), to.to_jiff()))
                .collect(),
        )
    }

    /// From when each container ended until its outcome was stored.
    pub(super) async fn until_told(&self, ledger: &Ledger) -> Spread {
        let ended = ledger
            .containers
            .iter()
            .filter_map(|run| Some((run.execution_id.clone()?, run.ended?.0)));
        let ended: HashMap<String, Timestamp> = ended.collect();
        let moments = "SELECT execution_id::text, at FROM proctor.step WHERE status = 'SUCCEEDED'";
        let moments: Vec<(String, Stored)> =
            sqlx::query_as(moments).fetch_all(&self.0).await.unwrap();
        let told = moments
            .into_iter()
            .filter_map(|(id, at)| ended.get(&id).map(|ended| between(*ended, at.to_jiff())));
        Spread::of(told.collect())
    }

    /// How many of the executions have really run, and once.
    pub(super) async fn ran_once(&self, ledger: &Ledger) -> usize {
        let ids = sqlx::query_scalar("SELECT id::text FROM proctor.execution");
        let ids: Vec<String> = ids.fetch_all(&self.0).await.unwrap();
        let mut runs: HashMap<&str, usize> = HashMap::new();
        for id in ledger
            .containers
            .iter()
            .filter_map(|run| run.execution_id.as_deref())
        {
            *runs.entry(id).or_default() += 1;
        }
        ids.iter()
            .filter(|id| runs.get(id.as_str()) == Some(&1))
            .count()
    }
}

/// Waits until the count is so high, for as long as it grows.
pub(super) async fn wait_for(what: &str, wanted: usize, count: impl AsyncFn() -> usize) {
    let (mut seen, mut grew_at) = (0, Instant::now());
    loop {
        let now = count().await;
        if now >= wanted {
            return;
        }
        if now > seen {
            (seen, grew_at) = (now, Instant::now());
        }
        let stands_for = grew_at.elapsed();
        assert!(
            stands_for < PATIENCE,
            "{now} of {wanted} {what}, and no more for {stands_for:?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}
