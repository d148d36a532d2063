//! Single requests that were recorded on a real cluster, asked again.

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};

use crate::client::{Api, JOBS, PODS, SECRETS, events, job, secret, suspended_job};

fn exchanges(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn response(recorded: &Value) -> (u16, Value) {
    let status = recorded["response"]["status"].as_u64().unwrap();
    (
        u16::try_from(status).unwrap(),
        recorded["response"]["body"].clone(),
    )
}

/// A double with a Job that has printed three lines, and the name of its Pod.
async fn with_success() -> (Api, String) {
    let api = Api::start();
    let script = "for n in 0 1 2; do echo \"hello world ($n)\"; done";
    api.post(JOBS, &job("success", script)).await;
    let pod = wait_for_async("a Pod that has ended", async || {
        let (_, pods) = api.get(PODS).await;
        let pod = &pods["items"][0];
        match (&pod["status"]["phase"], pod["metadata"]["name"].as_str()) {
            (Value::String(phase), Some(name)) if phase == "Succeeded" => Ok(name.to_owned()),
            _ => Err(pod.clone()),
        }
    })
    .await;
    (api, pod)
}

#[tokio::test]
async fn errors_and_log_queries() {
    let (api, pod) = with_success().await;
    api.double.remove_namespace("nope");
    let text = include_str!("recordings/errors-and-log-queries.json")
        .replace("success-lx5rv", &pod)
        .replace("system:serviceaccount:procs:nobody", "tester");

    for recorded in exchanges(&text) {
        let wanted = response(&recorded);
        if wanted.0 == 401 {
            let guarded = Api::start();
            guarded.double.require_token("another");
            assert_eq!(guarded.exchange(&recorded).await, wanted);
            continue;
        }
        if wanted.0 == 403 {
            api.double.forbid("create", "jobs");
        }
        let request = &recorded["request"];
        wait_for_async(&format!("{request}"), async || {
            let told = api.exchange(&recorded).await;
            // A second after the last line there is nothing since a second ago.
            let is_timely = !request["path"].as_str().unwrap().contains("sinceSeconds");
            let told = (told.0, timeless(&told.1));
            if told == (wanted.0, timeless(&wanted.1)) {
                return Ok(());
            }
            assert!(!is_timely, "{request}: {told:?}, not {wanted:?}");
            Err(told)
        })
        .await;
    }
}

/// A log without the times before its lines.
fn timeless(body: &Value) -> Value {
    let Value::String(text) = body else {
        return body.clone();
    };
    let lines = text.split_inclusive('\n').map(|line| {
        let time = line.split_once("Z ");
        time.map_or(line, |(_, rest)| rest)
    });
    Value::String(lines.collect())
}

#[tokio::test]
async fn delete_with_uid_precondition_and_owned_secret() {
    let api = Api::start();
    let (_, owner) = api
        .post(JOBS, &suspended_job("suspended-then-resumed"))
        .await;
    api.post(SECRETS, &secret("suspended-then-resumed", &owner))
        .await;
    let uid = owner["metadata"]["uid"].as_str().unwrap();
    let text = include_str!("recordings/delete-with-uid-precondition-and-owned-secret.json");
    let text = text.replace("57b5b6fd-500f-415b-af06-5f3561479d46", uid);

    for recorded in exchanges(&text) {
        assert_eq!(api.exchange(&recorded).await, response(&recorded));
    }
}

#[tokio::test]
async fn streaming_list() {
    let api = Api::of(Kubernetes::builder().without_streaming_lists().start());
    let recorded: Value =
        serde_json::from_str(include_str!("recordings/streaming-list.json")).unwrap();

    let watch = api.open(recorded["path"].as_str().unwrap()).await;

    assert_eq!(watch.status().as_u16(), 200);
    assert_eq!(json!(events(watch).await), recorded["events"]);
}

#[tokio::test]
async fn discovery() {
    let api = Api::start();
    let recorded = exchanges(include_str!("recordings/discovery.json"));
    let [version, resources, ready] = recorded.as_slice() else {
        panic!("three exchanges were recorded");
    };

    let (_, told) = api.exchange(version).await;
    let wanted = response(version).1;
    for field in [
        "major",
        "minor",
        "gitVersion",
        "emulationMajor",
        "emulationMinor",
    ] {
        assert_eq!(told[field], wanted[field], "{field}");
    }
    let (_, told) = api.exchange(resources).await;
    let wanted = response(resources).1;
    let rows = wanted["resources"].as_array().unwrap();
    for row in told["resources"].as_array().unwrap() {
        let mut wanted = rows
            .iter()
            .find(|one| one["name"] == row["name"])
            .unwrap()
            .clone();
        wanted.as_object_mut().unwrap().remove("storageVersionHash");
        assert_eq!(*row, wanted);
    }
    assert_eq!(api.exchange(ready).await, response(ready));
}
