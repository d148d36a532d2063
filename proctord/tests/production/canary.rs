use serde_json::json;

use crate::places::{assert_absent, database, redis};
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
    let while_it_runs = database(&site);
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
        ("Postgres", database(&site)),
        ("Postgres while it runs", while_it_runs),
        ("Redis", redis(&site)),
        ("the log", proctord.log()),
        ("the log of Postgres", site.postgres.log()),
        ("the log of Redis", site.redis.log()),
        ("answers", format!("{answers:?}")),
    ] {
        assert_absent(CANARY, place, &text);
    }
}
