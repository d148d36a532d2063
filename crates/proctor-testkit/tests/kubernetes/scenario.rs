//! A recorded scenario that is played again, and how what is seen is held against it: per object, what a watch tells
//! must be the same when equal neighbours are collapsed. Between Job and Pod there is no order.

use std::collections::BTreeSet;

use proctor_testkit::kubernetes::KubernetesBuilder;
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};

use crate::client::{Api, JOBS, PODS, events, quick};

const EVENTS: &str = "/api/v1/namespaces/procs/events";
/// As many characters end the generated name of a Pod.
const SUFFIX: usize = 5;

pub struct Scenario {
    pub api: Api,
    pub name: String,
    recorded: Value,
    from: String,
}

impl Scenario {
    pub async fn start(text: &str) -> Self {
        Self::start_in(quick(), text).await
    }

    pub async fn start_in(double: KubernetesBuilder, text: &str) -> Self {
        let scenario = Self::prepare(double, text).await;
        scenario.create().await;
        scenario
    }

    /// The double is there, the recorded Job is not yet.
    pub async fn prepare(double: KubernetesBuilder, text: &str) -> Self {
        let recorded: Value = serde_json::from_str(text).unwrap();
        let api = Api::of(double.start());
        let (_, list) = api.get(JOBS).await;
        let from = list["metadata"]["resourceVersion"].as_str().unwrap();
        let name = recorded["job"]["metadata"]["name"].as_str().unwrap();
        Self {
            name: name.to_owned(),
            from: from.to_owned(),
            api,
            recorded,
        }
    }

    pub async fn create(&self) {
        let (status, job) = self.api.post(JOBS, &self.recorded["job"]).await;
        assert_eq!(status, 201, "{job}");
    }

    pub fn path(&self) -> String {
        format!("{JOBS}/{}", self.name)
    }

    pub async fn until(&self, what: &str, mut holds: impl FnMut(&Value, &Value) -> bool) {
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

    /// Waits until the recorded script has printed its first line, so that its traps are set; before that, TERM
    /// would not be caught. Returns the name of its Pod.
    pub async fn until_started(&self) -> String {
        wait_for_async("the script to have started", async || {
            let name = self.pod_name().await;
            let path = format!("{PODS}/{name}/log");
            let response = self.api.open(&path).await;
            let is_log = response.status().as_u16() == 200;
            let text = response.text().await.unwrap();
            let has_started = is_log && text.ends_with('\n');
            if has_started { Ok(name) } else { Err(text) }
        })
        .await
    }

    /// The name of the first Pod, if there is one.
    pub async fn pod_name(&self) -> String {
        let (_, pods) = self.api.get(PODS).await;
        let name = pods["items"][0]["metadata"]["name"].as_str();
        name.unwrap_or("absent").to_owned()
    }

    pub async fn until_gone(&self) {
        self.until("Job and Pods to be gone", |job, pods| {
            job["code"] == 404 && pods == &json!([])
        })
        .await;
    }

    pub async fn until_finished(&self) {
        self.until("the Job's final condition", |job, _| {
            let conditions = job["status"]["conditions"].as_array();
            let mut conditions = conditions.into_iter().flatten();
            conditions.any(|one| matches!(one["type"].as_str(), Some("Complete" | "Failed")))
        })
        .await;
    }

    pub async fn is_as_recorded(&self) {
        for field in ["jobs", "pods"] {
            let (seen, recorded) = self.lives(field).await;
            assert_eq!(seen, recorded, "{field} of {}", self.name);
        }
        self.events_are_as_recorded().await;
    }

    /// What was seen and what was recorded of Jobs or Pods.
    pub async fn lives(&self, field: &str) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
        let path = if field == "jobs" { JOBS } else { PODS };
        let watch = format!(
            "{path}?watch=1&resourceVersion={}&timeoutSeconds=0",
            self.from
        );
        let seen = events(self.api.open(&watch).await).await;
        (
            lives(&seen),
            lives(self.recorded[field].as_array().unwrap()),
        )
    }

    pub async fn events_are_as_recorded(&self) {
        let (_, told) = self.api.get(EVENTS).await;
        let told = told["items"].as_array().unwrap();
        let told: BTreeSet<_> = told
            .iter()
            .map(|event| self.event(&event["involvedObject"]["kind"], event))
            .collect();
        let recorded = self.recorded["events"].as_array().unwrap();
        let recorded: BTreeSet<_> = recorded
            .iter()
            .map(|event| self.event(&event["kind"], event))
            .collect();
        assert_eq!(told, recorded, "events of {}", self.name);
    }

    /// What the log of a Pod answers now is what was recorded, but for the times.
    pub async fn log_is_as_recorded(&self, index: usize, pod: &str) {
        let recorded = &self.recorded["logs"][index];
        let query = recorded["query"].as_str().unwrap();
        let response = self.api.open(&format!("{PODS}/{pod}/log{query}")).await;
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let wanted = match &recorded["body"] {
            Value::String(text) => text.clone(),
            object => object.to_string(),
        };
        assert_eq!(
            (json!(status), self.timeless(&text)),
            (recorded["status"].clone(), self.timeless(&wanted))
        );
    }

    fn event(&self, kind: &Value, event: &Value) -> String {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let told = format!(
            "{kind} {} {}: {}",
            text("type"),
            text("reason"),
            text("message")
        );
        self.nameless(&told)
    }

    /// Without what a Pod's generated name ends with.
    pub fn nameless(&self, text: &str) -> String {
        let prefix = format!("{}-", self.name);
        let mut parts = text.split(&prefix);
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            told += &self.name;
            told += part.get(SUFFIX..).unwrap_or_default();
        }
        told
    }

    /// A Status with its fields in order, or a log without its times.
    fn timeless(&self, text: &str) -> String {
        if let Ok(status) = serde_json::from_str::<Value>(text) {
            return self.nameless(&status.to_string());
        }
        let lines = text
            .lines()
            .map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest));
        lines.collect::<Vec<_>>().join("\n")
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
