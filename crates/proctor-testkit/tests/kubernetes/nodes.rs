use std::time::Duration;

use proctor_testkit::kubernetes::{Clock, Course, Processes, Script};
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};

use crate::client::{Api, JOBS, PODS, job, quick};

/// A Job that runs, on a node that is lost then; and the name of its Pod.
async fn lost(api: &Api, script: &str) -> String {
    api.post(JOBS, &job("a", script)).await;
    let name = until(api, "a Pod that runs", |pod| {
        pod["status"]["phase"] == "Running"
    })
    .await;
    api.double.lose_node();
    name
}

/// Waits until this holds of the latest Pod; returns its name.
async fn until(api: &Api, what: &str, holds: impl Fn(&Value) -> bool) -> String {
    wait_for_async(what, async || {
        let (_, pods) = api.get(PODS).await;
        let pods = pods["items"].as_array().unwrap().clone();
        match pods.iter().find(|pod| holds(pod)) {
            Some(pod) => Ok(pod["metadata"]["name"].as_str().unwrap().to_owned()),
            None => Err(pods),
        }
    })
    .await
}

fn terminated(pod: &Value) -> (Value, Value) {
    let told = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
    (told["reason"].clone(), told["exitCode"].clone())
}

#[tokio::test]
async fn a_lost_node_has_no_logs_and_confirms_no_end() {
    let api = Api::start();
    let name = lost(&api, "trap 'exit 0' TERM; while :; do sleep 0.01; done").await;
    let path = format!("{PODS}/{name}");

    let (status, told) = api.get(&format!("{path}/log")).await;
    let message = told["message"].as_str().unwrap();
    assert_eq!((status, &told["reason"]), (500, &Value::Null));
    assert!(
        message.contains("dial tcp") && message.ends_with("connect: connection refused"),
        "{message}"
    );
    let options = json!({"propagationPolicy": "Foreground"});
    let (status, _) = api.delete(&format!("{JOBS}/a"), &options).await;
    assert_eq!(status, 200);
    let (status, pod) = api.get(&path).await;
    assert_eq!((status, &pod["status"]["phase"]), (200, &json!("Running")));
    assert_ne!(pod["metadata"]["deletionTimestamp"], Value::Null);

    api.double.return_node(Processes::WentOn);
    wait_for_async("the Pod to be gone", async || match api.get(&path).await {
        (404, _) => Ok(()),
        seen => Err(seen),
    })
    .await;
    assert_eq!(api.double.ledger().containers[0].ended.unwrap().1, 0);
}

#[tokio::test]
async fn a_pod_that_is_forced_away_leaves_its_process_to_the_lost_node() {
    let api = Api::start();
    let name = lost(&api, "sleep 1000").await;
    let path = format!("{PODS}/{name}");

    api.delete(
        &format!("{JOBS}/a"),
        &json!({"propagationPolicy": "Orphan"}),
    )
    .await;
    api.delete(&path, &json!({"gracePeriodSeconds": 0})).await;

    assert_eq!(api.get(&path).await.0, 404);
    assert_eq!(api.double.ledger().containers[0].ended, None);
    api.double.return_node(Processes::WentOn);
    wait_for_async("the kubelet to kill what should not run", async || {
        let ledger = api.double.ledger();
        ledger.containers[0].ended.ok_or(ledger)
    })
    .await;
}

#[tokio::test]
async fn what_went_on_meanwhile_is_told_when_the_node_is_back() {
    let api = Api::start();
    let name = lost(&api, "sleep 0.1; exit 3").await;
    let ends = |api: &Api| api.double.ledger().containers[0].ended;
    assert_eq!(ends(&api), None);

    api.double.return_node(Processes::WentOn);
    let ended = until(&api, "the end", |pod| {
        terminated(pod) == (json!("Error"), json!(3))
    })
    .await;

    assert_eq!(ended, name);
    assert_eq!(ends(&api).unwrap().1, 3);
}

#[tokio::test]
async fn nobody_knows_how_a_container_ended_whose_machine_was_started_anew() {
    let api = Api::start();
    lost(&api, "sleep 1000").await;

    api.double.return_node(Processes::Gone);

    until(&api, "an end that nobody saw", |pod| {
        terminated(pod) == (json!("Unknown"), json!(255))
    })
    .await;
}

#[tokio::test]
async fn new_pods_wait_for_a_node_and_find_another_when_the_lost_one_is_given_up() {
    let api = Api::of(quick().start());
    let mut made = job("a", "echo up; sleep 1000");
    made["spec"]["backoffLimit"] = 1.into();
    api.post(JOBS, &made).await;
    let first = until(&api, "a Pod that runs", |pod| {
        pod["status"]["phase"] == "Running"
    })
    .await;
    let (_, list) = api.get(PODS).await;
    api.double.lose_node();
    api.post(JOBS, &job("b", "true")).await;
    until(&api, "a Pod without a node", |pod| {
        pod["status"]["conditions"][0]["reason"] == "Unschedulable"
    })
    .await;

    api.double.give_up_node();

    let second = until(&api, "another Pod of the first Job", |pod| {
        pod["spec"]["nodeName"] == "node2" && pod["metadata"]["labels"]["job-name"] == "a"
    })
    .await;
    assert_ne!(first, second);
    let from = list["metadata"]["resourceVersion"].as_str().unwrap();
    let watch = format!(
        "{PODS}?watch=1&resourceVersion={from}&timeoutSeconds=0&fieldSelector=metadata.name%3D{first}"
    );
    let told = crate::client::events(api.open(&watch).await).await;
    let last = told.last().unwrap();
    assert_eq!(
        (&last["type"], &last["object"]["status"]["phase"]),
        (&json!("DELETED"), &json!("Failed"))
    );
    let conditions = last["object"]["status"]["conditions"].as_array().unwrap();
    let disrupted = conditions
        .iter()
        .find(|one| one["type"] == "DisruptionTarget")
        .unwrap();
    assert_eq!(disrupted["reason"], "DeletionByPodGC");
}

#[tokio::test]
async fn a_scripted_pod_stands_still_while_its_node_is_lost() {
    let script = Script::new(|_| Course::exits(3).runs(Duration::from_secs(10)));
    let api = Api::of(quick().scripted(script).clock(Clock::Virtual).start());
    let mut made = job("a", "");
    let container = &mut made["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "EXECUTION_ID", "value": "17"}]);
    api.post(JOBS, &made).await;
    until(&api, "a Pod that runs", |pod| {
        pod["status"]["phase"] == "Running"
    })
    .await;

    api.double.lose_node();
    api.double.advance(Duration::from_secs(20));
    until(&api, "a Pod that seems to run", |pod| {
        pod["status"]["phase"] == "Running"
    })
    .await;
    api.double.return_node(Processes::WentOn);

    until(&api, "its end", |pod| {
        terminated(pod) == (json!("Error"), json!(3))
    })
    .await;
    let ledger = api.double.ledger();
    let ends: Vec<_> = ledger.runs_of("17").map(|run| run.ended).collect();
    assert!(matches!(ends[..], [Some((_, 3))]), "{ledger:?}");
}
