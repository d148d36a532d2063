//! Two replicas of a cluster with one queue: one of them dies between the end of an execution and the next one's
//! launch, and the queue goes on in its order.

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder};
use serde_json::{Value, json};

use crate::site::{Site, execute, get, publish, wait_for_status, wait_until_ready};

const NAMESPACE: &str = "procs";

/// A replica with one slot for all procs.
fn replica(builder: ProctordBuilder, double: &Kubernetes) -> ProctordBuilder {
    let kubeconfig = double.kubeconfig(NAMESPACE);
    builder
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
        .env("PROCTOR_LEASE_LIFETIME", "1s")
        .env("PROCTOR_MAX_CONCURRENT", "1")
}

async fn queue_goes_on_after_a_crash_at(point: &str) {
    let site = Site::new();
    let double = Kubernetes::start();
    site.migrate();
    let other = replica(site.proctord_beside("other"), &double).start();
    wait_until_ready(&other).await;
    let crash = format!("{point}=crash");
    let crashing = replica(site.proctord(), &double).env("PROCTOR_FAIL_POINTS", &crash);
    let mut crashing = crashing.start();
    wait_until_ready(&crashing).await;
    let line = format!(
        "echo \"$NUMBER\" >> {}; while [ ! -e {} ]; do sleep 0.05; done",
        site.ledger.path().display(),
        site.folder.path().join("gate").display()
    );
    let fields = json!({"image_name": "busybox:1.36", "env_vars": {"args": [{"name": "NUMBER"}]}});
    publish(&other, "gated", &line, fields).await;
    let begin = async |proctord: &Proctord, number: &str| {
        let body = json!({"name": "gated", "args": {"NUMBER": number}});
        execute(proctord, &body).await
    };

    let first = begin(&crashing, "0").await;
    wait_for_status(&other, first, "RUNNING").await;
    let second = begin(&crashing, "1").await;
    let third = begin(&other, "2").await;
    let answer = get(&other, &format!("/execution/{third}")).await;
    let waiting: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(waiting["queue"]["position"], 2, "{waiting}");
    std::fs::write(site.folder.path().join("gate"), "").unwrap();
    assert!(!crashing.wait().success(), "{point} was not reached");

    for id in [first, second, third] {
        wait_for_status(&other, id, "SUCCEEDED").await;
    }
    let order = std::fs::read_to_string(site.ledger.path()).unwrap();
    assert_eq!(order, "0\n1\n2\n", "{point}");
    assert_eq!(double.ledger().jobs.len(), 3, "{point}");
    assert!(other.stop().success());
}

#[tokio::test]
async fn a_slot_that_nobody_gave_on_is_given_on_by_whoever_adopts() {
    queue_goes_on_after_a_crash_at("finish.stored").await;
}

#[tokio::test]
async fn a_slot_that_was_given_to_nobody_alive_is_given_on_by_whoever_adopts() {
    queue_goes_on_after_a_crash_at("finish.admitted").await;
}
