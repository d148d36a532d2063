//! A bare HTTP client of the double, and the objects that tests make.

use std::time::Duration;

use proctor_testkit::kubernetes::{Kubernetes, KubernetesBuilder};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub const JOBS: &str = "/apis/batch/v1/namespaces/procs/jobs";
pub const PODS: &str = "/api/v1/namespaces/procs/pods";
pub const SECRETS: &str = "/api/v1/namespaces/procs/secrets";

pub struct Api {
    pub double: Kubernetes,
    client: Client,
}

impl Api {
    /// A double whose Jobs end as soon as their containers do.
    pub fn start() -> Self {
        Self::of(quick().start())
    }

    pub fn of(double: Kubernetes) -> Self {
        let client = Client::new();
        Self { double, client }
    }

    pub async fn open(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.double.url());
        self.client.get(url).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        told(self.open(path).await).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::POST, path, "application/json", body)
            .await
    }

    pub async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::PUT, path, "application/json", body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::PATCH, path, "application/merge-patch+json", body)
            .await
    }

    pub async fn delete(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::DELETE, path, "application/json", body)
            .await
    }

    /// Sends a recorded request.
    pub async fn exchange(&self, recorded: &Value) -> (u16, Value) {
        let request = &recorded["request"];
        let method = request["method"].as_str().unwrap().parse().unwrap();
        let path = request["path"].as_str().unwrap();
        if method == Method::GET {
            return read(self.open(path).await).await;
        }
        self.send(method, path, "application/json", &request["body"])
            .await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &Value,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.double.url());
        let request = self
            .client
            .request(method, url)
            .header("content-type", content_type)
            .body(body.to_string());
        told(request.send().await.unwrap()).await
    }
}

/// A double that does not take its time.
pub fn quick() -> KubernetesBuilder {
    let moment = Duration::from_millis(1);
    Kubernetes::builder()
        .end_delay(Duration::ZERO)
        .retry_delay(moment)
        .pull_delay(moment)
}

/// The lines of a watch until it ends.
pub async fn events(response: Response) -> Vec<Value> {
    let text = response.text().await.unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Hands every line of a watch on until it is cut off.
pub async fn each_event(url: &str, mut act: impl FnMut(Value)) {
    let mut response = reqwest::get(url).await.unwrap();
    let mut rest = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        rest.extend_from_slice(&chunk);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else {
            continue;
        };
        let unfinished = rest.split_off(end + 1);
        for line in rest
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            act(serde_json::from_slice(line).unwrap());
        }
        rest = unfinished;
    }
}

async fn told(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// An answer that may be a log as well as an object.
async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// A Job that is created suspended and so does nothing by itself.
pub fn suspended_job(name: &str) -> Value {
    let mut job = job(name, "true");
    job["spec"]["suspend"] = true.into();
    job
}

/// A Job that runs a shell script.
pub fn job(name: &str, script: &str) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {"proctor/execution": name}},
        "spec": {"backoffLimit": 0, "template": {
            "metadata": {"labels": {"proctor/execution": name}},
            "spec": {"restartPolicy": "Never", "containers": [{
                "name": "proc",
                "image": "registry.local/busybox:1.35",
                "command": ["/bin/sh", "-c", script],
            }]},
        }},
    })
}

pub fn secret(name: &str, owner: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "ownerReferences": [{
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": true,
            "blockOwnerDeletion": true,
        }]},
        "immutable": true,
        "stringData": {"TOKEN": "s3cret-value"},
    })
}
