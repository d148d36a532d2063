//! Into Postgres and Redis, which may be those of version 2 itself.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proctor_testkit::{Proctord, ProctordBuilder, redis, wait_for};
use serde_json::Value;
use tempfile::TempDir;

use crate::v2::{REST, Row, V2};

const CANARY: &str = "canary-41c7d2";
const DOCUMENT: &str = r#"{"name":"deploy","description":"Deploys","image_name":"deploy:1",
    "env_vars":{"secrets":null,"args":null},"authorized_groups":null,"author":"a","contributors":"c",
    "organization":"o"}"#;

/// A proctord in production on the very servers of version 2.
fn beside(v2: &V2, data: &Path) -> ProctordBuilder {
    let redis = redis::Server::shared();
    Proctord::production_at(data)
        .env("PROCTOR_DATABASE_URL", &v2.database.url())
        .env("PROCTOR_REDIS_ADDRESS", &redis.address())
        .env("PROCTOR_REDIS_PASSWORD", redis.password().unwrap())
        .env("PROCTOR_REDIS_DATABASE", &v2.redis.number().to_string())
        .env("PROCTOR_V2_DATABASE_URL", &v2.database.url())
        .env("PROCTOR_V2_REDIS_URL", &v2.redis.url())
}

#[tokio::test]
async fn version_2_comes_over_on_its_own_servers() {
    let mut v2 = V2::new().await;
    v2.set("deploy-metadata", DOCUMENT);
    v2.set("deploy-secret", &format!(r#"{{"TOKEN":"{CANARY}"}}"#));
    for id in 1..=1000 {
        let row = Row {
            name: None,
            job_name: Some("deploy".into()),
            ..Row::finished(id, format!("line of {id}: {CANARY}").as_bytes())
        };
        v2.insert(&row).await;
    }
    v2.insert(&Row::standing(1001, "CREATED")).await;
    for id in [1, i64::MAX] {
        let args = STANDARD.encode(format!(r#"{{"NUMBER":"{id}"}}"#));
        v2.schedule(&format!(
            "{id}, 'deploy', '{args}', '0 0 0 29 2 *', true, {REST}"
        ));
    }
    let folder = TempDir::new().unwrap();
    let proctord = beside(&v2, &folder.path().join("data"));

    let too_early = proctord.run(&["import-v2"]);
    assert_eq!(proctord.run(&["migrate"]).code, Some(0));
    let crash = proctord
        .clone()
        .env("PROCTOR_FAIL_POINTS", "import.stored=crash");
    let killed = crash.run(&["import-v2", "--batch", "300"]);
    let whole = proctord.run(&["import-v2"]);
    let again = proctord.run(&["import-v2"]);

    assert_eq!(too_early.code, Some(1), "{too_early:?}");
    assert!(
        too_early.stderr.contains("`proctord migrate`"),
        "{too_early:?}"
    );
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!(whole.code, Some(0), "{whole:?}");
    let text = whole.text();
    assert!(
        text.contains("executions: 701 imported, 300 there already"),
        "{text}"
    );
    let text = again.text();
    assert!(
        text.contains("executions: 0 imported, 1001 there already"),
        "{text}"
    );
    assert!(
        text.contains("procs:      0 imported, 1 there already"),
        "{text}"
    );
    assert!(
        text.contains("secrets:    0 imported, 1 there already"),
        "{text}"
    );
    assert!(
        whole
            .text()
            .contains("schedules:  2 imported, 0 there already"),
        "{whole:?}"
    );
    assert!(
        again
            .text()
            .contains("schedules:  0 imported, 2 there already"),
        "{again:?}"
    );
    let service = proctord.start();
    read_back(&service);
    let id = i64::MAX.to_string();
    let schedule = service.proctor(&["schedule", "describe", &id, "-o", "json"]);
    let schedule: Value = serde_json::from_str(&schedule.succeed()).unwrap();
    assert_eq!(schedule["args"]["NUMBER"], id);
    assert!(service.stop().success());
    let dumped = dump(&v2);
    assert!(dumped.contains("deploy"), "the dump has what was imported");
    assert!(!dumped.contains(CANARY));
    // Chunks of logs are bytes, which a dump writes as digits.
    let digits: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dumped.contains(&digits));
    let ours = v2.redis.cli(&["KEYS", "proctor:3:*"]);
    assert!(ours.contains("deploy"), "{ours}");
}

fn read_back(service: &Proctord) {
    let status = |id: &str| -> Value {
        wait_for("the execution to be shown", || {
            let ran = service.proctor(&["status", id, "-o", "json"]).run();
            match ran.code {
                Some(0) => Ok(serde_json::from_str(&ran.text()).unwrap()),
                _ => Err(ran),
            }
        })
    };
    assert_eq!(status("500")["status"], "FINISHED");
    assert_eq!(status("1001")["status"], "CREATED");
    let log = service.proctor(&["logs", "500"]).run();
    assert_eq!(log.text(), "line of 500: ***");
    let history = service.proctor(&["history", "--limit", "2000", "-o", "json"]);
    let history: Vec<Value> = serde_json::from_str(&history.succeed()).unwrap();
    assert_eq!(history.len(), 1001);
    let describe = service.proctor(&["describe", "deploy"]).succeed();
    assert!(describe.contains("Deploys"), "{describe}");
}

/// Everything of this version in the database.
fn dump(v2: &V2) -> String {
    let mut command = Command::new("pg_dump");
    command
        .args(["--schema", "proctor", "--inserts"])
        .arg(v2.database.url());
    let dumped = command.output().unwrap();
    assert!(dumped.status.success(), "{dumped:?}");
    String::from_utf8_lossy(&dumped.stdout).into_owned()
}
