//! What these tests do again and again: publish a script, wait for an execution's end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proctor_testkit::{Proctord, wait_for};
use serde_json::{Value, json};

/// A proc made of one shell script.
pub struct Script<'a> {
    pub name: &'a str,
    pub body: &'a str,
    /// Fields of its document beside name and command.
    pub fields: Value,
}

/// Publishes a proc made of one shell script.
pub fn publish(proctord: &Proctord, folder: &Path, name: &str, body: &str) {
    publish_script(
        proctord,
        folder,
        &Script {
            name,
            body,
            fields: json!({}),
        },
    );
}

/// Publishes a proc made of one shell script, with fields of its own.
pub fn publish_script(proctord: &Proctord, folder: &Path, script: &Script<'_>) {
    let place = folder.join(script.name);
    fs::create_dir_all(&place).expect("the proc's folder can be made");
    let file = place.join("run.sh");
    fs::write(&file, format!("#!/bin/sh\n{}\n", script.body)).expect("the script can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
        .expect("it can be made executable");
    let mut document = script.fields.clone();
    document["name"] = json!(script.name);
    document["command"] = json!(["./run.sh"]);
    fs::write(place.join("metadata.json"), document.to_string())
        .expect("its metadata can be written");
    let place = place.display().to_string();
    let _ = proctord.proctor(&["publish", &place]).succeed();
}

/// Starts an execution and returns its id without waiting for it.
pub fn detach(proctord: &Proctord, words: &[&str]) -> String {
    let mut all = vec!["execute", "--detach", "-o", "name"];
    all.extend_from_slice(words);
    proctord.proctor(&all).succeed().trim().to_owned()
}

/// An execution as `status` tells it.
pub fn status(proctord: &Proctord, id: &str) -> Value {
    let json = proctord.proctor(&["status", id, "-o", "json"]).succeed();
    serde_json::from_str(&json).expect("status prints JSON")
}

/// Waits for an execution to reach a status.
pub fn wait_for_status(proctord: &Proctord, id: &str, wanted: &str) -> Value {
    wait_for(&format!("execution {id} to be {wanted}"), || {
        let execution = status(proctord, id);
        if execution["status"] == wanted {
            Ok(execution)
        } else {
            Err(execution)
        }
    })
}

/// Waits until an execution has ended.
pub fn wait_for_end(proctord: &Proctord, id: &str) -> Value {
    wait_for(&format!("execution {id} to end"), || {
        let execution = status(proctord, id);
        match execution["status"].as_str() {
            Some("RECEIVED" | "QUEUED" | "CREATED" | "RUNNING") | None => Err(execution),
            Some(_) => Ok(execution),
        }
    })
}
