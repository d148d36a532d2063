//! The stage: one Postgres, one Redis, one double of a cluster whose Jobs are small processes, and the replicas of
//! proctord that share them.

mod clock;
mod replica;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Ledger, postgres, redis, wait_for_async};
use reqwest::Method;
use serde_json::{Value, json};

use crate::plan::{MOST_AT_ONCE, Plan, Proc, REPLICAS, RETRIES};

pub use replica::Replica;

pub const NAMESPACE: &str = "procs";
const SECRET: &str = "a-secret-that-nobody-sees";

/// What runs for every proc. A run says when it begins, writes as many lines as it is told, stops between two of them
/// when it is asked to, and says how it ended.
const SCRIPT: &str = r#"trap 'told=1' TERM
echo "start $EXECUTION_ID $NUMBER" >> LEDGER
[ -z "$TOKEN" ] || echo "token $TOKEN"
i=0
while [ $i -lt $LINES ] && [ -z "$told" ]; do
  i=$((i+1)); echo "line $i of $EXECUTION_ID"; [ $PAUSE = 0 ] || sleep $PAUSE
done
code=$CODE
[ -z "$told" ] || { echo told; code=9; }
echo "end $EXECUTION_ID $code $i ${told:-0}" >> LEDGER
exit $code"#;

pub struct Scene {
    pub postgres: postgres::Server,
    pub redis: redis::Server,
    pub double: Kubernetes,
    pub ledger: Ledger,
    pub replicas: Vec<Arc<Replica>>,
}

impl Scene {
    /// Everything is up, the procs are published.
    pub async fn open(folder: &Path, plan: &Plan) -> Self {
        let (postgres, redis) = (postgres::Server::start(), redis::Server::start());
        let double = Kubernetes::builder()
            .end_delay(std::time::Duration::from_millis(100))
            .retry_delay(std::time::Duration::from_millis(100))
            .history_length(1_000)
            .faults(plan.cluster.clone())
            .start();
        let replicas = (0..REPLICAS)
            .map(|number| Arc::new(Replica::new(number, folder, &postgres, &redis, &double)))
            .collect();
        let scene = Self {
            postgres,
            redis,
            double,
            ledger: Ledger::new(folder),
            replicas,
        };
        scene.replicas[0].migrate();
        for replica in &scene.replicas {
            replica.start(None);
        }
        scene.publish().await;
        scene
    }

    async fn publish(&self) {
        let address = self.replicas[0].address().unwrap();
        let ledger = self.ledger.path().display().to_string();
        let script = SCRIPT.replace("LEDGER", &ledger);
        let documents: Vec<_> = Proc::ALL.map(|proc| document(proc, &script)).into();
        let sent = [
            ("/metadata".to_owned(), Value::from(documents)),
            (
                "/secret".to_owned(),
                json!({"job_name": Proc::Secret.name(), "secrets": {"TOKEN": SECRET}}),
            ),
        ];
        for (path, body) in sent {
            let url = format!("http://{address}{path}");
            wait_for_async(&format!("{path} to be taken"), async || {
                let request = reqwest::Client::new().request(Method::POST, &url);
                let response = request
                    .json(&body)
                    .send()
                    .await
                    .map_err(|e| e.to_string())?;
                let status = response.status().as_u16();
                let text = response.text().await.unwrap_or_default();
                if status == 201 { Ok(()) } else { Err(text) }
            })
            .await;
        }
    }

    /// Ends everything that goes wrong, and has every replica run.
    pub fn heal(&self) {
        self.double.calm();
        for replica in &self.replicas {
            replica.heal();
        }
    }

    /// Has every replica run that was left with a fail point to come.
    pub fn tend(&self) {
        self.replicas.iter().for_each(|replica| replica.tend());
    }
}

fn document(proc: Proc, script: &str) -> Value {
    let args = ["NUMBER", "LINES", "PAUSE", "CODE"].map(|name| json!({"name": name}));
    let mut document = json!({
        "name": proc.name(),
        "image_name": "busybox:1.36",
        "command": ["/bin/sh", "-c", script],
        "env_vars": {"args": args, "secrets": []},
    });
    match proc {
        Proc::Plain => {}
        Proc::Limited => document["max_concurrent"] = MOST_AT_ONCE.into(),
        Proc::Secret => document["env_vars"]["secrets"] = json!([{"name": "TOKEN"}]),
        Proc::Retried => document["retries"] = RETRIES.into(),
    }
    document
}

/// The folder of a run, empty; it is left where a run did not hold, for people to look at.
pub fn folder(seed: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{seed}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}
