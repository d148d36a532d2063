//! A canary secret in the output of a proc: nowhere but in the runner's own file is it ever seen.

use std::fs;
use std::path::{Path, PathBuf};

use proctor_testkit::{Proctord, wait_for};
use serde_json::json;

use crate::support::{Script, detach, publish_script, wait_for_end, wait_for_status};

const CANARY: &str = "c4n4ry-0f-a-s3cret-v4lue";
const KEY: &str =
    "-----BEGIN CANARY-----\nfirst-c4n4ry-line\nsecond-c4n4ry-line\n-----END CANARY-----";
/// None of these is ever seen, not even the values' inner lines.
const NEVER: [&str; 3] = [CANARY, "first-c4n4ry-line", "second-c4n4ry-line"];

fn publish_secretive(proctord: &Proctord, folder: &Path, body: &str) {
    let fields = json!({"env_vars": {"secrets": [{"name": "TOKEN"}, {"name": "KEY"}]}});
    let script = Script {
        name: "secretive",
        body,
        fields,
    };
    publish_script(proctord, folder, &script);
    for (name, value) in [("TOKEN", CANARY), ("KEY", KEY)] {
        set(proctord, name, value);
    }
}

fn set(proctord: &Proctord, name: &str, value: &str) {
    let body = json!({"value": value}).to_string();
    let url = format!("http://{}/secret/secretive/{name}", proctord.address());
    let client = reqwest::Client::new();
    let send = async { client.put(url).body(body).send().await.unwrap().status() };
    assert_eq!(tokio::runtime::Runtime::new().unwrap().block_on(send), 204);
}

/// Every file below a folder but the runner's own output.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "out.log") {
                found.push(path);
            }
        }
    }
    found
}

fn assert_unseen(what: &str, bytes: &[u8]) {
    for secret in NEVER {
        let seen = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!seen, "{what} holds {secret}");
    }
}

/// Looks everywhere, with chunks unpacked: what readers get is what is stored.
fn assert_nowhere(proctord: Proctord, id: &str) -> String {
    let log = proctord.proctor(&["logs", id]).run();
    assert_unseen("the log", &log.stdout);
    for words in [["status", id], ["describe", "secretive"]] {
        assert_unseen("an answer", proctord.proctor(&words).succeed().as_bytes());
    }
    assert_unseen("the service's own log", proctord.log().as_bytes());
    let data = proctord.data_dir().to_owned();
    proctord.stop();
    for file in files(&data) {
        assert_unseen(&file.display().to_string(), &fs::read(&file).unwrap());
    }
    log.text()
}

fn debugging(data: &Path) -> Proctord {
    Proctord::at(data).env("PROCTOR_LOG_LEVEL", "debug").start()
}

fn wait_for_file(path: &Path) {
    wait_for(&format!("{} to be there", path.display()), || {
        if path.exists() {
            Ok(())
        } else {
            Err("it is not")
        }
    });
}

#[test]
fn a_secret_is_masked_however_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = debugging(&folder.path().join("data"));
    let body = "echo \"raw $TOKEN end\"\n\
        echo \"$KEY\"\n\
        echo \"$KEY\" | while read -r line; do echo \"> $line <\"; done\n\
        printf %s \"two writes ${TOKEN%lue}\"; sleep 0.3; echo lue\n\
        printf %s \"an end ${TOKEN%lue}\"";
    publish_secretive(&proctord, folder.path(), body);
    let id = detach(&proctord, &["secretive"]);
    wait_for_end(&proctord, &id);

    let log = assert_nowhere(proctord, &id);

    let lines = "> *** <\n".repeat(4);
    let whole = format!("raw *** end\n***\n{lines}two writes ***\nan end c4n4ry-0f-a-s3cret-v4");
    assert_eq!(log, whole);
}

/// Killed in the middle of a value, started again after the secret was changed: what was given is masked.
#[test]
fn a_service_that_is_killed_in_the_middle_of_a_secret_masks_it_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (half, gate) = (folder.path().join("half"), folder.path().join("gate"));
    let proctord = debugging(&data);
    let body = format!(
        "printf %s \"before $TOKEN, ${{TOKEN%lue}}\"; touch {half}\n\
         while [ ! -e {gate} ]; do sleep 0.05; done\n\
         echo lue; echo \"after $TOKEN\"",
        half = half.display(),
        gate = gate.display(),
    );
    publish_secretive(&proctord, folder.path(), &body);
    let id = detach(&proctord, &["secretive"]);
    wait_for_status(&proctord, &id, "RUNNING");
    wait_for_file(&half);
    let stored = wait_for_stored(&proctord, &id, "before ***, ");
    set(&proctord, "TOKEN", "another-value-by-now");

    proctord.kill();
    let restarted = debugging(&data);
    fs::write(&gate, "").unwrap();
    wait_for_end(&restarted, &id);
    let log = assert_nowhere(restarted, &id);

    assert_eq!(stored, "before ***, ");
    assert_eq!(log, "before ***, ***\nafter ***\n");
}

/// Waits until the log that is stored is this.
fn wait_for_stored(proctord: &Proctord, id: &str, wanted: &str) -> String {
    let url = format!("http://{}/execution/{id}/logs", proctord.address());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    wait_for("the log to be stored", || {
        let read = async { reqwest::get(&url).await.unwrap().text().await.unwrap() };
        let text = runtime.block_on(read);
        if text == wanted { Ok(text) } else { Err(text) }
    })
}
