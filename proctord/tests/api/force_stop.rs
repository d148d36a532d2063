//! Giving up what does not end after a stop.

use std::fs;
use std::path::Path;
use std::process::Command;

use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

/// The process that stands by a command, held back until this is dropped.
struct Held {
    pid: String,
}

impl Held {
    fn of(service: &Service, execution: &Value) -> Self {
        let name = execution["name"].as_str().unwrap();
        let folder = service.proctord.data_dir().join("executions").join(name);
        let pid = pid_of_shim(&folder);
        signal("-STOP", &pid);
        Self { pid }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        signal("-CONT", &self.pid);
    }
}

fn pid_of_shim(folder: &Path) -> String {
    let record = fs::read(folder.join("shim.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    record["pid"].to_string()
}

fn signal(signal: &str, pid: &str) {
    let sent = Command::new("kill").args([signal, pid]).status().unwrap();
    assert!(sent.success(), "kill {signal} {pid}");
}

async fn force(service: &Service, id: &Value) -> Answer {
    let request = service
        .json(Method::POST, &format!("/execution/{id}/stop"))
        .header("Email-Id", "root@example.com");
    send(request.json(&json!({"force": true}))).await
}

/// The end event of its log.
async fn end_of_log(service: &Service, id: &Value) -> Value {
    wait_for_async("the log to be closed", async || {
        let request = service.plain(Method::GET, &format!("/execution/{id}/logs"));
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
async fn what_does_not_end_after_a_stop_is_lost_on_somebodys_word_and_its_late_end_is_kept() {
    let service = Service::start();
    let line = "echo begun; while :; do sleep 0.1; done";
    service.publish("endless", line, json!({})).await;
    let id = service.execute("endless").await["id"].clone();
    let running = service.wait_for(&id, "RUNNING").await;
    let held = Held::of(&service, &running);

    let too_early = force(&service, &id).await;
    let wish = json!({"grace_seconds": 0});
    let wished = service.post(&format!("/execution/{id}/stop"), &wish).await;
    let given_up = force(&service, &id).await;

    assert_eq!(too_early.status, 409, "{too_early:?}");
    assert_eq!(too_early.json()["type"], "/problems/not-stopped");
    assert!(too_early.body.contains("stop it first"), "{too_early:?}");
    assert_eq!(wished.json()["status"], "RUNNING", "{wished:?}");
    assert_eq!(given_up.status, 200, "{given_up:?}");
    let lost = given_up.json();
    assert_eq!(lost["status"], "LOST", "{lost}");
    let reason = lost["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("given up by root@example.com; stopped"),
        "{reason}"
    );
    let end = end_of_log(&service, &id).await;
    assert_eq!(end["status"], "LOST", "{end}");
    assert_eq!(end["log_complete"], false, "{end}");
    assert_eq!(force(&service, &id).await.json(), lost);

    drop(held);
    let late = wait_for_async("a late outcome", async || {
        let execution = service.get(&format!("/execution/{id}")).await.json();
        match execution["late_outcome"] {
            Value::Null => Err(execution),
            _ => Ok(execution),
        }
    })
    .await;
    assert_eq!(late["status"], "LOST", "{late}");
    assert_eq!(late["reason"], lost["reason"], "{late}");
    assert_eq!(late["late_outcome"]["status"], "STOPPED", "{late}");
    assert!(late["late_outcome"]["at"].is_string(), "{late}");
    let audit = service.audit().await;
    let forced = format!("root@example.com execution.force_stop {id}");
    assert_eq!(audit.iter().filter(|row| **row == forced).count(), 2);
}

#[tokio::test]
async fn what_has_ended_is_answered_as_it_is() {
    let service = Service::start();
    service.publish("quick", "exit 3", json!({})).await;
    let id = service.execute("quick").await["id"].clone();
    service.wait_for(&id, "FAILED").await;

    let answer = force(&service, &id).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["status"], "FAILED");
    assert_eq!(answer.json()["exit_code"], 3);
    assert_eq!(force(&service, &json!(4711)).await.status, 404);
}
