use std::process::Command;

use serde_json::json;

use crate::site::{Site, execute, get, post, publish, wait_for_status};

const CANARY: &str = "canary-7f3a9c-secret";

/// The value of a secret is where it is needed and nowhere else.
#[tokio::test]
async fn a_secret_is_found_nowhere() {
    let site = Site::new();
    let proctord = site.proctord().env("PROCTOR_LOG_LEVEL", "trace");
    site.migrate();
    let proctord = proctord.start();
    crate::site::wait_until_ready(&proctord).await;
    let gate = site.folder.path().join("gate");
    let line = format!(
        "printf %s \"$TOKEN\" | wc -c; echo \"it is $TOKEN\"; while [ ! -e {} ]; do sleep 0.05; done",
        gate.display()
    );
    let fields = json!({"env_vars": {"secrets": [{"name": "TOKEN"}]}});
    publish(&proctord, "secretive", &line, fields).await;
    let secret = json!({"job_name": "secretive", "secrets": {"TOKEN": CANARY}});
    let mut answers = vec![post(&proctord, "/secret", &secret).await];
    let id = execute(&proctord, &json!({"name": "secretive"})).await;
    wait_for_status(&proctord, id, "RUNNING").await;
    // While it runs, the secrets that it was given are kept beside its row.
    let while_it_runs = dump(&site);
    std::fs::write(&gate, "").unwrap();
    wait_for_status(&proctord, id, "SUCCEEDED").await;
    let log = get(&proctord, &format!("/execution/{id}/logs?follow=true")).await;
    assert_eq!(
        log.body,
        format!("{}\nit is ***\n", CANARY.len()),
        "it arrived, and is masked"
    );
    for path in [
        "/metadata",
        "/secret/secretive",
        "/execution",
        "/readyz",
        "/metrics",
    ] {
        answers.push(get(&proctord, path).await);
    }
    answers.push(get(&proctord, &format!("/execution/{id}")).await);
    // Errors tell nothing either, whoever fails.
    site.redis.stop();
    answers.push(post(&proctord, "/secret", &secret).await);
    site.redis.start_again();
    site.postgres.stop();
    answers.push(post(&proctord, "/execution", &json!({"name": "secretive"})).await);
    site.postgres.start_again();

    for (place, text) in [
        ("Postgres", dump(&site)),
        ("Postgres while it runs", while_it_runs),
        ("Redis", keys(&site)),
        ("the log", proctord.log()),
        ("the log of Postgres", site.postgres.log()),
        ("the log of Redis", site.redis.log()),
        ("answers", format!("{answers:?}")),
    ] {
        assert!(text.len() > 40, "{place} was looked at: {text}");
        for form in forms() {
            assert!(!text.contains(&form), "{form} is in {place}");
        }
    }
}

/// The value as text, as hexadecimal digits and as base64 at each of the three places that it can begin at.
fn forms() -> Vec<String> {
    use base64::Engine;
    let hexadecimal = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![CANARY.to_owned(), hexadecimal];
    for before in 0..3 {
        let text = format!("{}{CANARY}", "x".repeat(before));
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        // The first and the last characters depend on what stands beside it.
        forms.push(encoded[4..encoded.len() - 4].to_owned());
    }
    forms
}

fn dump(site: &Site) -> String {
    let dump = Command::new("pg_dump")
        .arg(site.postgres.url())
        .output()
        .expect("pg_dump can be run");
    assert!(dump.status.success(), "{dump:?}");
    String::from_utf8_lossy(&dump.stdout).into_owned()
}

/// Every key with what it holds, byte by byte.
fn keys(site: &Site) -> String {
    let names = redis_cli(site, &["--scan"]);
    let mut text = String::new();
    for name in names.lines() {
        let kind = redis_cli(site, &["TYPE", name]);
        let words: &[&str] = match kind.trim_end() {
            "hash" => &["HGETALL", name],
            "string" => &["GET", name],
            "set" => &["SMEMBERS", name],
            "zset" => &["ZRANGE", name, "0", "-1"],
            other => panic!("{name} is a {other}, which this test cannot read"),
        };
        text.push_str(&format!("{name} {kind}"));
        text.push_str(&redis_cli(site, words));
    }
    text
}

/// In the database that proctord uses unless told otherwise.
fn redis_cli(site: &Site, words: &[&str]) -> String {
    let ran = Command::new("redis-cli")
        .args([
            "-e",
            "-h",
            "127.0.0.1",
            "-p",
            &site.redis.port().to_string(),
        ])
        .env("REDISCLI_AUTH", site.redis.password().unwrap())
        .args(words)
        .output()
        .expect("redis-cli can be run");
    assert!(ran.status.success(), "{words:?}: {ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
