//! Collects what is known once everything is healed: what the store says, directly and by way of the service, what
//! the cluster has started, and what it still holds.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use proctor_api::Execution;
use proctor_testkit::wait_for_async;
use serde_json::Value;

use crate::history::{History, Log, LogLine, Runs, Stored, Told};
use crate::run::{PAUSE, patiently};
use crate::scene::{NAMESPACE, Replica, Scene};

/// How long the housekeeping may take to clear away what is over.
const SWEEPS: Duration = Duration::from_secs(60);
/// How long a replica may take to tell the end of a log that another one has closed.
const SETTLING: Duration = Duration::from_secs(5);

/// A row of the store, past the service.
struct Row {
    id: u64,
    key: Option<String>,
    status: String,
    exit_code: Option<i32>,
    has_slot: bool,
    is_log_open: bool,
}

pub async fn gather(scene: &Scene, told: Vec<Told>) -> History {
    let left_over = left_over(scene).await;
    let mut stored = BTreeMap::new();
    let mut disagreements = Vec::new();
    for (number, row) in rows(scene).into_iter().enumerate() {
        // Each replica tells of some.
        let replica = &scene.replicas[number % scene.replicas.len()];
        let path = format!("/execution/{}", row.id);
        let execution = told_by(replica, &path, "application/json").await;
        let execution: Execution = serde_json::from_str(&execution).unwrap();
        let lines = log_of(replica, &path).await;
        if (execution.status.as_str(), execution.exit_code) != (&row.status, row.exit_code) {
            let (status, code) = (execution.status, execution.exit_code);
            let other = format!("{} {:?}", row.status, row.exit_code);
            disagreements.push(format!(
                "{} is told as {status} {code:?} and stored as {other}",
                row.id
            ));
        }
        stored.insert(row.id, row.with(execution, &lines));
    }
    let ledger = fs::read_to_string(scene.ledger.path()).unwrap();
    History {
        told,
        stored,
        runs: Runs::parse(&ledger),
        containers: containers(scene),
        left_over,
        uneven_logs: uneven_logs(scene),
        disagreements,
    }
}

impl Row {
    fn parse(line: &str) -> Self {
        let cells: Vec<&str> = line.split('|').collect();
        let [id, key, status, exit_code, slot, log_open] = cells[..] else {
            panic!("`{line}` is no row");
        };
        Self {
            id: id.parse().unwrap(),
            key: (!key.is_empty()).then(|| key.to_owned()),
            status: status.to_owned(),
            exit_code: exit_code.parse().ok(),
            has_slot: slot == "t",
            is_log_open: log_open == "t",
        }
    }

    fn with(self, execution: Execution, lines: &str) -> Stored {
        let mut log = Log::default();
        for line in lines.lines() {
            log.take(LogLine::parse(line.as_bytes()));
        }
        Stored {
            key: self.key,
            status: execution.status,
            exit_code: execution.exit_code,
            reason: execution.reason,
            steps: execution
                .transitions
                .iter()
                .map(|step| step.status)
                .collect(),
            has_slot: self.has_slot,
            is_log_open: self.is_log_open,
            log,
        }
    }
}

fn rows(scene: &Scene) -> Vec<Row> {
    let rows = scene.postgres.psql(
        "SELECT id, key, status, exit_code, slot, log_open FROM proctor.execution ORDER BY id",
    );
    rows.lines().map(Row::parse).collect()
}

/// Logs of which the chunks do not follow one another, or do not make up the length.
fn uneven_logs(scene: &Scene) -> Vec<u64> {
    let found = scene.postgres.psql(
        "SELECT log.execution_id
           FROM proctor.log
           LEFT JOIN (SELECT execution_id, sum(length) AS bytes, max(\"offset\" + length) AS reach
                        FROM proctor.chunk GROUP BY execution_id) AS chunks USING (execution_id)
          WHERE coalesce(bytes, 0) <> log.length OR coalesce(reach, 0) <> log.length",
    );
    found.lines().map(|id| id.parse().unwrap()).collect()
}

fn containers(scene: &Scene) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for run in scene.double.ledger().containers {
        let id = run.execution_id.unwrap_or_default();
        *counts.entry(id.parse().unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// What the cluster still holds when it should hold nothing.
async fn left_over(scene: &Scene) -> Vec<String> {
    let objects = async || {
        let mut names = Vec::new();
        for (base, plural) in [
            ("apis/batch/v1", "jobs"),
            ("api/v1", "pods"),
            ("api/v1", "secrets"),
        ] {
            let url = format!(
                "{}/{base}/namespaces/{NAMESPACE}/{plural}",
                scene.double.url()
            );
            let list: Value =
                serde_json::from_str(&body(&url, "application/json").await.unwrap()).unwrap();
            let items = list["items"].as_array().cloned().unwrap_or_default();
            let name = |item: &Value| {
                item["metadata"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            names.extend(items.iter().map(|item| format!("{plural}/{}", name(item))));
        }
        names
    };
    let cleared = async || objects().await.is_empty();
    if patiently(SWEEPS, cleared).await {
        Vec::new()
    } else {
        objects().await
    }
}

/// What a replica answers once it runs, wherever that is.
async fn told_by(replica: &Replica, path: &str, accepted: &str) -> String {
    wait_for_async(&format!("{path} to be answered"), async || {
        let address = replica.address().ok_or("it does not run")?;
        body(&format!("http://{address}{path}"), accepted).await
    })
    .await
}

/// A log as it is read without following it. What another replica has just written may come a moment later.
async fn log_of(replica: &Replica, path: &str) -> String {
    let deadline = Instant::now() + SETTLING;
    loop {
        let lines = told_by(replica, &format!("{path}/logs"), "application/x-ndjson").await;
        let last = lines.lines().last();
        let has_end = last.is_some_and(|line| LogLine::parse(line.as_bytes()).is_end());
        if has_end || Instant::now() > deadline {
            return lines;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The body of an answer that everything is well with.
async fn body(url: &str, accepted: &str) -> Result<String, String> {
    let request = reqwest::Client::new().get(url).header("Accept", accepted);
    let request = request.timeout(Duration::from_secs(10));
    let response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status();
    let text = response.text().await.map_err(|error| error.to_string())?;
    if status == 200 {
        Ok(text)
    } else {
        Err(format!("{status} {text}"))
    }
}
