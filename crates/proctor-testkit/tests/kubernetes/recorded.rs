//! Scenarios that were recorded on a real cluster, played again.

use std::time::Duration;

use proctor_testkit::wait_for_async;
use serde_json::json;

use crate::client::{PODS, SECRETS, quick, secret};
use crate::scenario::Scenario;

#[tokio::test]
async fn success() {
    // The recorded image has an entrypoint, which a folder has not.
    let image = r#""image": "registry.local/echo-worker:1""#;
    let command = r#""image": "registry.local/busybox:1.35", "command": ["/bin/sh", "-c", "echo hello $NAME"]"#;
    let text = include_str!("recordings/success.json").replace(image, command);
    let text = text.replace(
        "registry.local/echo-worker:1",
        "registry.local/busybox:1.35",
    );
    let scenario = Scenario::start(&text).await;

    scenario.until_finished().await;

    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn exit_code() {
    let scenario = Scenario::start(include_str!("recordings/exit-code.json")).await;
    scenario.until_finished().await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn retry_then_fail() {
    let scenario = Scenario::start(include_str!("recordings/retry-then-fail.json")).await;
    scenario.until_finished().await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn deadline() {
    let scenario = Scenario::start(include_str!("recordings/deadline.json")).await;
    scenario.until_finished().await;
    scenario
        .until("the Pod to be gone", |_, pods| pods == &json!([]))
        .await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn config_error() {
    let scenario = Scenario::start(include_str!("recordings/config-error.json")).await;
    scenario
        .until("a container that cannot be configured", |_, pods| {
            let state = &pods[0]["status"]["containerStatuses"][0]["state"];
            state["waiting"]["reason"] == "CreateContainerConfigError"
        })
        .await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn stopped_foreground() {
    let scenario = Scenario::start(include_str!("recordings/stopped-foreground.json")).await;
    scenario.until_started().await;

    let options = json!({"propagationPolicy": "Foreground", "gracePeriodSeconds": 2});
    let (status, job) = scenario.api.delete(&scenario.path(), &options).await;
    assert_eq!((status, &job["kind"]), (200, &json!("Job")));
    assert_eq!(job["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    scenario.until_gone().await;

    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn stopped_background_ignores_term() {
    let text = include_str!("recordings/stopped-background-ignores-term.json");
    let scenario = Scenario::start(text).await;
    scenario.until_started().await;

    let options = json!({"propagationPolicy": "Background", "gracePeriodSeconds": 2});
    let (status, answer) = scenario.api.delete(&scenario.path(), &options).await;
    assert_eq!((status, &answer["kind"]), (200, &json!("Status")));
    scenario.until_gone().await;

    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn suspended_then_resumed() {
    let scenario = Scenario::start(include_str!("recordings/suspended-then-resumed.json")).await;
    let (_, job) = scenario.api.get(&scenario.path()).await;
    let owned = secret(&scenario.name, &job);
    assert_eq!(scenario.api.post(SECRETS, &owned).await.0, 201);

    let resume = json!({"metadata": {"uid": job["metadata"]["uid"]}, "spec": {"suspend": false}});
    let (status, resumed) = scenario.api.patch(&scenario.path(), &resume).await;
    assert_eq!(
        (status, &resumed["metadata"]["generation"]),
        (200, &json!(2))
    );
    scenario.until_finished().await;

    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn image_missing() {
    // Two of these pauses follow the second attempt, time enough to look at what it has come to.
    let double = quick().pull_delay(Duration::from_secs(1));
    let text = include_str!("recordings/image-missing.json");
    let scenario = Scenario::start_in(double, text).await;
    scenario
        .until("a kubelet that holds back", |_, pods| {
            let state = &pods[0]["status"]["containerStatuses"][0]["state"];
            state["waiting"]["reason"] == "ImagePullBackOff"
        })
        .await;

    let pod = scenario.pod_name().await;
    scenario.log_is_as_recorded(0, &pod).await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn oom() {
    // The recorded script takes the memory that is not to be taken from this machine.
    let text = include_str!("recordings/oom.json");
    let taking = r#"x=$(head -c 200000000 /dev/zero | tr \"\\0\" a); echo ${#x}"#;
    assert!(text.contains(taking), "the script is the recorded one");
    let scenario = Scenario::start(&text.replace(taking, "sleep 1000")).await;
    scenario
        .until("a container that runs", |_, pods| {
            pods[0]["status"]["phase"] == "Running"
        })
        .await;

    let pod = scenario.pod_name().await;
    scenario.api.double.run_out_of_memory("procs", &pod);
    scenario.until_finished().await;

    scenario.is_as_recorded().await;
    scenario.log_is_as_recorded(0, &pod).await;
}

#[tokio::test]
async fn unschedulable() {
    let scenario = Scenario::start(include_str!("recordings/unschedulable.json")).await;
    scenario
        .until("a Pod that fits nowhere", |_, pods| {
            pods[0]["status"]["conditions"][0]["reason"] == "Unschedulable"
        })
        .await;

    scenario.is_as_recorded().await;
    let pod = scenario.pod_name().await;
    scenario.log_is_as_recorded(0, &pod).await;
}

#[tokio::test]
async fn quota_exceeded() {
    // Other Pods were there when it was recorded.
    let text = include_str!("recordings/quota-exceeded.json").replace("pods=3", "pods=0");
    let scenario = Scenario::prepare(quick(), &text).await;
    scenario.api.double.set_quota("procs", Some(0));
    scenario.create().await;
    let ledger = wait_for_async("a second attempt", async || {
        let (_, told) = scenario.api.get("/api/v1/namespaces/procs/events").await;
        let attempts = told["items"].as_array().map_or(0, Vec::len);
        if attempts > 1 {
            Ok(scenario.api.double.ledger())
        } else {
            Err(attempts)
        }
    })
    .await;
    scenario.is_as_recorded().await;
    assert_eq!((ledger.jobs.len(), ledger.containers.len()), (1, 0));

    scenario.api.double.set_quota("procs", None);
    scenario.until_finished().await;
}

#[tokio::test]
async fn evicted_once() {
    let text = include_str!("recordings/evicted-once.json").replace("sleep 6", "sleep 2");
    let double = quick().retry_delay(Duration::from_secs(3));
    let scenario = Scenario::start_in(double, &text).await;
    let first = scenario.until_started().await;

    let path = format!("{PODS}/{first}/eviction");
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": first}});
    let (status, told) = scenario.api.post(&path, &eviction).await;
    assert_eq!((status, &told["status"]), (201, &json!("Success")));
    scenario.until_finished().await;

    scenario.is_as_recorded().await;
    let second = scenario.pod_name().await;
    scenario.log_is_as_recorded(0, &second).await;
    assert_eq!(
        scenario.api.get(&format!("{PODS}/{first}/log")).await.0,
        404
    );
}

#[tokio::test]
async fn stopped_by_suspend() {
    let scenario = Scenario::start(include_str!("recordings/stopped-by-suspend.json")).await;
    scenario.until_started().await;

    let suspend = json!({"spec": {"suspend": true}});
    let (status, job) = scenario.api.patch(&scenario.path(), &suspend).await;
    assert_eq!((status, &job["metadata"]["generation"]), (200, &json!(2)));
    scenario
        .until("no Pod and none that ends", |job, pods| {
            pods == &json!([]) && job["status"]["terminating"] == 0
        })
        .await;

    let (pods, recorded) = scenario.lives("pods").await;
    assert_eq!(pods, recorded);
    // The recording ends before the Pod does.
    let (jobs, recorded) = scenario.lives("jobs").await;
    assert_eq!(jobs[0][..recorded[0].len()], recorded[0]);
    assert_eq!(jobs[0].len(), recorded[0].len() + 1);
    scenario.events_are_as_recorded().await;
}

#[tokio::test]
async fn ttl() {
    let scenario = Scenario::start(include_str!("recordings/ttl.json")).await;
    scenario.until_gone().await;
    scenario.is_as_recorded().await;
}

#[tokio::test]
async fn stopped_while_followed() {
    let scenario = Scenario::start(include_str!("recordings/stopped-while-followed.json")).await;
    let pod = scenario.until_started().await;

    let (path, options) = (scenario.path(), json!({"propagationPolicy": "Foreground"}));
    let (_, (status, _)) = tokio::join!(
        scenario.log_is_as_recorded(0, &pod),
        scenario.api.delete(&path, &options),
    );
    assert_eq!(status, 200);
    scenario.until_gone().await;

    scenario.is_as_recorded().await;
    scenario.log_is_as_recorded(1, &pod).await;
}
