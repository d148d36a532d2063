use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::json;

use crate::site::{
    Site, execute, get, publish, request, send, wait_for_status, wait_until_not_ready,
    wait_until_ready,
};

#[tokio::test]
async fn it_serves_before_the_database_is_there_and_goes_on_by_itself() {
    let site = Site::new();
    site.migrate();
    site.postgres.stop();
    let proctord = site.proctord().start();

    let ready = wait_until_not_ready(&proctord, "database is unreachable").await;
    assert_eq!(ready.retry_after.as_deref(), Some("2"));
    assert_eq!(get(&proctord, "/ping").await.status, 200);
    assert_eq!(get(&proctord, "/healthz").await.status, 200);
    assert_eq!(get(&proctord, "/docs/").await.status, 200);
    for (method, path) in [
        (Method::GET, "/metadata"),
        (Method::GET, "/execution"),
        (Method::POST, "/execution"),
        (Method::GET, "/whoami"),
        (Method::GET, "/metrics"),
    ] {
        let answer = send(request(&proctord, method, path)).await;
        assert_eq!(answer.status, 503, "{path}: {answer:?}");
        assert!(
            answer.body.contains("database is unreachable"),
            "{answer:?}"
        );
    }
    let plain = reqwest::get(format!("http://{}/metadata", proctord.address()))
        .await
        .unwrap();
    assert_eq!(plain.status().as_u16(), 503);
    assert_eq!(
        plain.text().await.unwrap(),
        "not ready: database is unreachable"
    );

    site.postgres.start_again();

    wait_until_ready(&proctord).await;
    publish(&proctord, "late", "exit 3", json!({})).await;
    let id = execute(&proctord, &json!({"name": "late"})).await;
    assert_eq!(
        wait_for_status(&proctord, id, "FAILED").await["exit_code"],
        3
    );
    let log = proctord.log();
    let told = log.matches("the database is unreachable").count();
    assert_eq!(told, 1, "once for the change, not for each try: {log}");
    assert_eq!(log.matches("the database is ready").count(), 1, "{log}");
}

#[tokio::test]
async fn a_schema_that_is_missing_is_told_and_brought_up_to_date_while_it_runs() {
    let site = Site::new();
    let proctord = site.proctord().start();

    wait_until_not_ready(&proctord, "run `proctord migrate`").await;
    let nothing_made = site.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'proctor'");
    assert_eq!(nothing_made, "0", "start does not migrate by itself");
    site.migrate();

    wait_until_ready(&proctord).await;
    assert_eq!(get(&proctord, "/execution").await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it_and_tried_again() {
    let site = Site::new();
    site.migrate();
    let right = site.postgres.url();
    let wrong = right.replace(site.postgres.password(), "canary-of-a-password");
    let proctord = site.proctord().env("PROCTOR_DATABASE_URL", &wrong).start();

    let answer = wait_until_not_ready(&proctord, "database refuses the login").await;
    let log = wait_for_async("the log to have the cause", async || {
        let log = proctord.log();
        if log.contains("password authentication failed") {
            Ok(log)
        } else {
            Err(log)
        }
    })
    .await;
    for text in [&answer.body, &log] {
        assert!(!text.contains("canary"), "{text}");
    }
    site.psql("ALTER USER proctor PASSWORD 'canary-of-a-password'");

    wait_until_ready(&proctord).await;
}

#[tokio::test]
async fn redis_may_come_later_too() {
    let site = Site::new();
    site.migrate();
    site.redis.stop();
    let proctord = site.proctord().start();

    let answer = wait_until_not_ready(&proctord, "Redis is unreachable").await;
    assert!(!answer.body.contains("database"), "{answer:?}");
    site.redis.start_again();

    wait_until_ready(&proctord).await;
}

/// What an earlier one left is taken over before anybody is served.
#[tokio::test]
async fn what_ran_before_is_taken_over_once_the_database_is_back() {
    let site = Site::new();
    let proctord = site.ready().await;
    let gate = site.folder.path().join("gate");
    let line = format!(
        "while [ ! -e {} ]; do sleep 0.05; done; exit 5",
        gate.display()
    );
    publish(&proctord, "patient", &line, json!({})).await;
    let id = execute(&proctord, &json!({"name": "patient"})).await;
    wait_for_status(&proctord, id, "RUNNING").await;
    proctord.kill();
    site.postgres.stop();
    let proctord = site.proctord().start();
    wait_until_not_ready(&proctord, "database is unreachable").await;
    std::fs::write(&gate, "").unwrap();

    site.postgres.start_again();

    wait_until_ready(&proctord).await;
    assert_eq!(
        wait_for_status(&proctord, id, "FAILED").await["exit_code"],
        5
    );
}

/// A stop does not wait for a database that is not there.
#[tokio::test]
async fn it_stops_in_order_while_nothing_is_there() {
    let site = Site::new();
    site.postgres.stop();
    site.redis.stop();
    let proctord = site.proctord().start();
    wait_until_not_ready(&proctord, "database is unreachable; Redis is unreachable").await;

    assert!(proctord.stop().success());
}
