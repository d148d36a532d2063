//! An execution on a node that does not answer any more is given up, by way of a replica that does not own it; what
//! becomes of it after that is kept beside its outcome.

use proctor_testkit::kubernetes::{Kubernetes, Processes};
use proctor_testkit::{Proctord, ProctordBuilder, wait_for_async};
use serde_json::{Value, json};

use crate::site::{
    Site, execute, get, post, publish, request, send, wait_for_status, wait_until_ready,
};

const NAMESPACE: &str = "procs";
/// The grace of a Pod and the time after which its node is called silent.
const LONG_AGO_SECONDS: i64 = 600;

fn on(builder: ProctordBuilder, double: &Kubernetes) -> ProctordBuilder {
    let kubeconfig = double.kubeconfig(NAMESPACE);
    builder
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
}

/// What the service says of the execution, once this holds of it.
async fn wait_until(
    proctord: &Proctord,
    id: u64,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    wait_for_async(what, async || {
        let answer = get(proctord, &format!("/execution/{id}")).await;
        let execution: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if holds(&execution) {
            Ok(execution)
        } else {
            Err(answer)
        }
    })
    .await
}

/// The end event of its log.
async fn end_of_log(proctord: &Proctord, id: u64) -> Value {
    wait_for_async("the log to be closed", async || {
        let request = request(
            proctord,
            reqwest::Method::GET,
            &format!("/execution/{id}/logs"),
        );
        let answer = send(request.header("Accept", "application/x-ndjson")).await;
        let last = answer.body.lines().last().unwrap_or_default();
        let event: Value = serde_json::from_str(last).unwrap_or_default();
        if event["event"] == "end" {
            Ok(event)
        } else {
            Err(answer)
        }
    })
    .await
}

#[tokio::test]
async fn what_a_lost_node_does_not_confirm_is_given_up_and_ends_late() {
    let site = Site::new();
    let double = Kubernetes::start();
    site.migrate();
    let owner = on(site.proctord(), &double).start();
    wait_until_ready(&owner).await;
    let other = site.folder.path().join("other");
    let other = on(site.proctord_at(&other), &double).start();
    wait_until_ready(&other).await;
    let line = "trap 'exit 9' TERM; echo begun; while :; do sleep 0.05; done";
    publish(
        &owner,
        "endless",
        line,
        json!({"image_name": "busybox:1.36"}),
    )
    .await;
    let id = execute(&owner, &json!({"name": "endless"})).await;
    let running = wait_for_status(&owner, id, "RUNNING").await;
    let stop = format!("/execution/{id}/stop");

    double.lose_node();
    let wished = post(&owner, &stop, &json!({"grace_seconds": 1})).await;
    assert_eq!(wished.status, 200, "{wished:?}");
    wait_for_async("the Pod to be asked to end", async || {
        double.age_deletions(LONG_AGO_SECONDS);
        let answer = get(&owner, &format!("/execution/{id}")).await;
        if answer
            .body
            .contains("node node1 has not confirmed the end since")
        {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    let word = request(&other, reqwest::Method::POST, &stop)
        .header("Email-Id", "root@example.com")
        .json(&json!({"force": true}));
    let given_up = send(word).await;

    assert_eq!(given_up.status, 200, "{given_up:?}");
    let lost: Value = serde_json::from_str(&given_up.body).unwrap();
    assert_eq!(lost["status"], "LOST", "{lost}");
    let reason = lost["reason"].as_str().unwrap();
    let words = "given up by root@example.com; node node1 has not confirmed the end since ";
    assert!(reason.starts_with(words), "{reason}");
    let end = end_of_log(&owner, id).await;
    assert_eq!(
        (&end["status"], &end["log_complete"]),
        (&json!("LOST"), &json!(false))
    );
    assert_eq!(lost["late_outcome"], Value::Null);

    double.return_node(Processes::WentOn);
    let late = wait_until(&other, id, "a late outcome", |execution| {
        !execution["late_outcome"].is_null()
    })
    .await;

    assert_eq!(late["status"], "LOST", "{late}");
    assert_eq!(late["late_outcome"]["status"], "STOPPED", "{late}");
    let job = running["name"].as_str().unwrap();
    let left = double.object("jobs", NAMESPACE, job).unwrap();
    assert_eq!(left["status"]["active"].as_i64().unwrap_or(0), 0, "{left}");
    assert_eq!(double.ledger().containers.len(), 1);
    let steps = late["transitions"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["status"], "LOST", "{late}");
}

/// Whoever followed it is gone by the time that the node is back: then it is learnt from what is found.
#[tokio::test]
async fn a_late_end_is_learnt_by_whoever_comes_by() {
    let site = Site::new();
    let double = Kubernetes::start();
    site.migrate();
    let keep = |builder: ProctordBuilder| builder.env("PROCTOR_KUBE_JOB_KEEP", "1s");
    let owner = keep(on(site.proctord(), &double)).start();
    wait_until_ready(&owner).await;
    let line = "trap 'exit 9' TERM; while :; do sleep 0.05; done";
    publish(
        &owner,
        "endless",
        line,
        json!({"image_name": "busybox:1.36"}),
    )
    .await;
    let id = execute(&owner, &json!({"name": "endless"})).await;
    wait_for_status(&owner, id, "RUNNING").await;
    let stop = format!("/execution/{id}/stop");
    double.lose_node();
    for body in [json!({"grace_seconds": 1}), json!({"force": true})] {
        let answer = post(&owner, &stop, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    end_of_log(&owner, id).await;
    let job = wait_until(&owner, id, "the execution to be lost", |execution| {
        execution["status"] == "LOST"
    })
    .await["name"]
        .clone();
    assert!(owner.stop().success());

    let next = keep(on(site.proctord(), &double)).start();
    wait_until_ready(&next).await;
    double.return_node(Processes::WentOn);

    let late = wait_until(&next, id, "a late outcome", |execution| {
        !execution["late_outcome"].is_null()
    })
    .await;
    assert_eq!(late["status"], "LOST", "{late}");
    assert_eq!(late["late_outcome"]["status"], "STOPPED", "{late}");
    wait_for_async("the Job to be discarded", async || {
        match double.object("jobs", NAMESPACE, job.as_str().unwrap()) {
            None => Ok(()),
            Some(job) => Err(job),
        }
    })
    .await;
}
