//! A rolling restart: of three replicas one after the other is told to leave, and a new one comes in its place. What they
//! were acting for is taken over at once, though their leases are long; clients come again elsewhere; nothing is lost or
//! doubled.

use std::time::Instant;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder, Ran, wait_for_async};
use reqwest::Client;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::balancer::Balancer;
use crate::site::{Site, execute, get, publish, wait_for_status, wait_until_ready};

const NAMESPACE: &str = "procs";
/// Nobody waits for it in this test.
const LEASE: &str = "10m";
const NAMES: [&str; 3] = ["first", "second", "third"];

struct Scene {
    site: Site,
    double: Kubernetes,
}

impl Scene {
    fn replica(&self, name: &str) -> ProctordBuilder {
        let kubeconfig = self.double.kubeconfig(NAMESPACE);
        self.site
            .proctord_beside(name)
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_LEASE_LIFETIME", LEASE)
    }

    /// How many replicas hold a lease.
    fn replicas(&self) -> String {
        self.site
            .psql("SELECT count(*) FROM proctor.replica WHERE expires_at > clock_timestamp()")
    }

    /// How many executions are unfinished that belong to none of these who live.
    fn left_behind(&self) -> String {
        self.site.psql(
            "SELECT count(*) FROM proctor.execution
              WHERE (log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING'))
                AND NOT EXISTS (SELECT FROM proctor.replica
                                 WHERE replica.id = execution.owner AND expires_at > clock_timestamp())",
        )
    }

    /// One leaves, what it leaves is taken over, and another one comes to where it was.
    async fn replace(&self, leaving: Proctord, name: &str) -> Proctord {
        let address = leaving.address().to_owned();
        let (_, port) = address.rsplit_once(':').unwrap();
        let told_at = Instant::now();
        // Others go on meanwhile.
        let left = tokio::task::spawn_blocking(move || leaving.stop()).await;
        assert!(left.unwrap().success(), "{name}");
        let left_at = Instant::now();
        let others = (NAMES.len() - 1).to_string();
        assert_eq!(self.replicas(), others, "{name} keeps its lease");
        wait_for_async("what it leaves to be taken over", async || {
            match self.left_behind().as_str() {
                "0" => Ok(()),
                count => Err(count.to_owned()),
            }
        })
        .await;
        println!(
            "{name}: left after {:?}, taken over after {:?} more",
            left_at - told_at,
            left_at.elapsed()
        );
        let next = self
            .replica(&format!("{name}-again"))
            .env("PROCTOR_APP_PORT", port)
            .start();
        wait_until_ready(&next).await;
        next
    }
}

/// A client that submits one after the other, at another replica when one does not take it.
async fn submit(addresses: &[String], enough: &CancellationToken) -> Vec<u64> {
    let client = Client::new();
    let mut ids = Vec::new();
    let mut turn = 0;
    while !enough.is_cancelled() {
        let number = ids.len();
        let body = json!({"name": "short", "args": {"NUMBER": number.to_string()}});
        let id = wait_for_async("a replica to accept", async || {
            turn += 1;
            let asked = client
                .post(format!(
                    "http://{}/execution",
                    addresses[turn % addresses.len()]
                ))
                .header("Accept", "application/json")
                .header("Idempotency-Key", format!("number-{number}"))
                .json(&body);
            let answer = asked.send().await.map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            answer["id"].as_u64().ok_or(text)
        })
        .await;
        ids.push(id);
    }
    ids
}

/// Numbered lines without an end, until the gate is there.
fn numbered(gate: &std::path::Path) -> String {
    format!(
        "i=0; while [ ! -e {} ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 5",
        gate.display()
    )
}

fn assert_numbered(ran: &Ran) {
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let text = ran.text();
    let expected: String = (0..text.lines().count())
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(text == expected && !text.is_empty(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_one_replica_after_the_other_is_replaced() {
    let scene = Scene {
        site: Site::new(),
        double: Kubernetes::start(),
    };
    scene.site.migrate();
    let replicas = NAMES.map(|name| scene.replica(name).start());
    for replica in &replicas {
        wait_until_ready(replica).await;
    }
    let gate = scene.site.folder.path().join("gate");
    let fields =
        || json!({"image_name": "busybox:1.36", "env_vars": {"args": [{"name": "NUMBER"}]}});
    publish(&replicas[0], "chatty", &numbered(&gate), fields()).await;
    publish(&replicas[0], "short", "echo \"line of $NUMBER\"", fields()).await;
    let addresses = replicas
        .each_ref()
        .map(|replica| replica.address().to_owned());
    let balancer = Balancer::before(&replicas.each_ref());
    // Each is acted for by another replica.
    let mut followed = Vec::new();
    for replica in &replicas {
        let id = execute(replica, &json!({"name": "chatty"})).await;
        let follower = replica.proctor(&["logs", &id.to_string()]);
        followed.push((id, follower.env("PROCTOR_HOST", balancer.address()).spawn()));
    }

    let enough = CancellationToken::new();
    let replace_all = async {
        let mut after = Vec::new();
        for (replica, name) in replicas.into_iter().zip(NAMES) {
            after.push(scene.replace(replica, name).await);
        }
        enough.cancel();
        after
    };
    let (ids, after) = tokio::join!(submit(&addresses, &enough), replace_all);
    std::fs::write(&gate, "").unwrap();

    for (number, id) in ids.iter().enumerate() {
        wait_for_status(&after[0], *id, "SUCCEEDED").await;
        let log = get(&after[1], &format!("/execution/{id}/logs")).await;
        assert_eq!(log.body, format!("line of {number}\n"));
    }
    for (id, follower) in followed {
        assert_numbered(&Ran::of(follower));
        wait_for_status(&after[2], id, "FAILED").await;
    }
    println!("{} executions", ids.len());
    let ledger = scene.double.ledger();
    let all = ids.len() + NAMES.len();
    assert_eq!((ledger.jobs.len(), ledger.containers.len()), (all, all));
    let stored = scene.site.psql("SELECT count(*) FROM proctor.execution");
    assert_eq!(stored, all.to_string());
}
