//! A proctord whose executions end when a test says so, and what it tells of its deliveries.

use std::fs;
use std::path::PathBuf;

use proctor_testkit::{Proctord, ProctordBuilder, wait_for_async};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the proc prints before it ends.
pub const LINES: &str = "first line\nlast <line>\n";

pub struct Scene {
    pub proctord: Proctord,
    builder: ProctordBuilder,
    folder: TempDir,
    client: reqwest::Client,
}

impl Scene {
    /// One with these variables, and the proc `wait`.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let builder = Proctord::at(&folder.path().join("data"))
            // Who was killed is to be silent soon.
            .env("PROCTOR_LEASE_LIFETIME", "1s");
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        let scene = Self {
            proctord: builder.start(),
            builder,
            folder,
            client: reqwest::Client::new(),
        };
        scene.publish().await;
        scene
    }

    async fn publish(&self) {
        let line = "while [ ! -e \"$GATE\" ]; do sleep 0.02; done; printf 'first line\\nlast <line>\\n'; exit $CODE";
        let args = json!([{"name": "GATE"}, {"name": "CODE"}]);
        let document = json!([{
            "name": "wait",
            "command": ["/bin/sh", "-c", line],
            "env_vars": {"args": args},
        }]);
        let (status, answer) = self.ask(Method::POST, "/metadata", &document).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Another life on the same folder, with one variable more.
    pub fn restarted(self, variables: &[(&str, &str)]) -> Self {
        self.proctord.kill();
        let builder = variables
            .iter()
            .fold(self.builder, |builder, (name, value)| {
                builder.env(name, value)
            });
        Self {
            proctord: builder.start(),
            builder,
            ..self
        }
    }

    /// Status and body of an answer.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.proctord.address());
        let request = self
            .client
            .request(method, url)
            .header("Accept", "application/json")
            .header("Email-Id", "ann@example.com")
            .json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(json!(text)))
    }

    /// What is needed to execute `wait`; it ends with this code when its gate opens.
    pub fn wish(&self, gate: &str, code: u8, callback: Option<&str>) -> Value {
        let gate = self.gate(gate).display().to_string();
        let args = json!({"GATE": gate, "CODE": code.to_string()});
        json!({"name": "wait", "args": args, "callback_url": callback})
    }

    /// Executes `wait`.
    pub async fn execute(&self, gate: &str, code: u8, callback: Option<&str>) -> u64 {
        let wish = self.wish(gate, code, callback);
        let (status, answer) = self.ask(Method::POST, "/execution", &wish).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_u64().unwrap()
    }

    /// Has those of the gate end.
    pub fn open(&self, gate: &str) {
        fs::write(self.gate(gate), "").unwrap();
    }

    fn gate(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A schedule of `wait` that tells these addresses and fires in a hundred years, unless it is wanted otherwise.
    pub async fn schedule(&self, gate: &str, code: u8, to: &[&str], otherwise: Value) -> u64 {
        let mut wish = json!({
            "jobName": "wait",
            "args": self.wish(gate, code, None)["args"],
            "tags": "tests",
            "group": "testers",
            "notificationEmails": to.join(","),
            "at": "2126-01-01T00:00:00Z",
        });
        for (field, value) in otherwise.as_object().unwrap() {
            wish[field] = value.clone();
        }
        let (status, answer) = self.ask(Method::POST, "/schedule", &wish).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_u64().unwrap()
    }

    /// Runs one to its end, of which these addresses are told.
    pub async fn run_for(&self, to: &[&str], code: u8) -> u64 {
        let gate = format!("gate-{}", to.join("-"));
        let schedule = self.schedule(&gate, code, to, json!({})).await;
        let path = format!("/schedule/{schedule}/run");
        let (status, answer) = self.ask(Method::POST, &path, &Value::Null).await;
        assert_eq!(status, 201, "{answer}");
        self.open(&gate);
        answer["id"].as_u64().unwrap()
    }

    /// The deliveries of an execution, by target.
    pub async fn deliveries(&self, id: u64) -> Vec<Value> {
        let path = format!("/delivery?execution={id}");
        let (status, page) = self.ask(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let mut all = page["deliveries"].as_array().unwrap().clone();
        all.sort_by_key(|one| one["target"].as_str().unwrap().to_owned());
        all
    }

    /// Waits until a delivery of an execution to that target is as wanted.
    pub async fn delivery(
        &self,
        id: u64,
        target: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        wait_for_async(&format!("the delivery of {id} to {target}"), async || {
            let all = self.deliveries(id).await;
            let found = all
                .iter()
                .find(|one| one["target"] == target && is_wanted(one));
            found.cloned().ok_or(all)
        })
        .await
    }

    /// Waits until it was delivered.
    pub async fn delivered(&self, id: u64, target: &str) -> Value {
        self.delivery(id, target, |one| one["state"] == "delivered")
            .await
    }

    /// Waits until a try has failed; what went wrong.
    pub async fn failed(&self, id: u64, target: &str) -> String {
        let failed = self
            .delivery(id, target, |one| !one["last_error"].is_null())
            .await;
        failed["last_error"].as_str().unwrap().to_owned()
    }
}
