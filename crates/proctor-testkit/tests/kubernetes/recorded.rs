//! Scenarios that were recorded on a real cluster, played again: per object, what a watch tells must be the same
//! when equal neighbours are collapsed. Between Job and Pod there is no order.

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{Api, JOBS, PODS, SECRETS, events, secret};

struct Scenario {
    api: Api,
    recorded: Value,
    name: String,
    from: String,
}

impl Scenario {
    async fn start(text: &str) -> Self {
        Self::start_as(serde_json::from_str(text).unwrap()).await
    }

    async fn start_as(recorded: Value) -> Self {
        let double = Kubernetes::builder().retry_delay(Duration::from_millis(1));
        let api = Api::of(double.start());
        let (_, list) = api.get(JOBS).await;
        let from = list["metadata"]["resourceVersion"].as_str().unwrap();
        let (status, job) = api.post(JOBS, &recorded["job"]).await;
        assert_eq!(status, 201, "{job}");
        Self {
            name: job["metadata"]["name"].as_str().unwrap().to_owned(),
            from: from.to_owned(),
            api,
            recorded,
        }
    }

    fn path(&self) -> String {
        format!("{JOBS}/{}", self.name)
    }

    async fn until(&self, what: &str, mut holds: impl FnMut(&Value, &Value) -> bool) {
        wait_for_async(what, async || {
            let (_, job) = self.api.get(&self.path()).await;
            let (_, pods) = self.api.get(PODS).await;
            if holds(&job, &pods["items"]) {
                Ok(())
            } else {
                Err((job["status"].clone(), pods["items"].clone()))
            }
        })
        .await;
    }

    /// Waits until the recorded script has set its traps and says so; before that, TERM would end it.
    async fn until_started(&self) {
        wait_for_async("the script to have started", async || {
            let (_, pods) = self.api.get(PODS).await;
            let name = pods["items"][0]["metadata"]["name"].as_str();
            let path = format!("{PODS}/{}/log", name.unwrap_or("absent"));
            match self.api.open(&path).await.text().await.unwrap() {
                log if log == "started\n" => Ok(()),
                other => Err(other),
            }
        })
        .await;
    }

    async fn until_gone(&self) {
        self.until("Job and Pods to be gone", |job, pods| {
            job["code"] == 404 && pods == &json!([])
        })
        .await;
    }

    async fn until_finished(&self) {
        self.until("the Job's final condition", |job, _| {
            let conditions = job["status"]["conditions"].as_array();
            let mut conditions = conditions.into_iter().flatten();
            conditions.any(|one| matches!(one["type"].as_str(), Some("Complete" | "Failed")))
        })
        .await;
    }

    async fn is_as_recorded(&self) {
        for (path, field) in [(JOBS, "jobs"), (PODS, "pods")] {
            let watch = format!(
                "{path}?watch=1&resourceVersion={}&timeoutSeconds=0",
                self.from
            );
            let seen = events(self.api.open(&watch).await).await;
            let recorded = self.recorded[field].as_array().unwrap();
            let (seen, recorded) = (lives(&seen), lives(recorded));
            assert_eq!(seen, recorded, "{field} of {}", self.name);
        }
    }
}

/// What was told of each object, in the order in which the objects appeared.
fn lives(events: &[Value]) -> Vec<Vec<String>> {
    let mut lives: Vec<(Value, Vec<String>)> = Vec::new();
    for event in events {
        let name = &event["object"]["metadata"]["name"];
        let line = line(event);
        match lives.iter_mut().find(|(known, _)| known == name) {
            None => lives.push((name.clone(), vec![line])),
            Some((_, lines)) if lines.last() == Some(&line) => {}
            Some((_, lines)) => lines.push(line),
        }
    }
    lives.into_iter().map(|(_, lines)| lines).collect()
}

fn line(event: &Value) -> String {
    let object = &event["object"];
    let status = &object["status"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let conditions: Vec<_> = status["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "{}={}({})",
                text(&one["type"]),
                text(&one["status"]),
                text(&one["reason"])
            )
        })
        .collect();
    let counters: Vec<_> = ["active", "succeeded", "failed", "terminating"]
        .iter()
        .map(|counter| status[counter].as_u64().unwrap_or(0))
        .collect();
    let state = status["containerStatuses"][0]["state"].as_object();
    let state = state.and_then(|state| state.iter().next());
    let container = state.map(|(word, told)| (word, text(&told["reason"]), &told["exitCode"]));
    let is_deleted = !object["metadata"]["deletionTimestamp"].is_null();
    format!(
        "{} {} deleted={is_deleted} {container:?} {counters:?} {conditions:?}",
        text(&event["type"]),
        text(&status["phase"])
    )
}

#[tokio::test]
async fn success() {
    let mut recorded: Value =
        serde_json::from_str(include_str!("recordings/success.json")).unwrap();
    // The recorded image has an entrypoint, which a folder has not.
    let container = &mut recorded["job"]["spec"]["template"]["spec"]["containers"][0];
    container["image"] = "registry.local/busybox:1.35".into();
    container["command"] = json!(["/bin/sh", "-c", "echo hello $NAME"]);
    let scenario = Scenario::start_as(recorded).await;

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
