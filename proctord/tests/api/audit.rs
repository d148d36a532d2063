use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

/// `who action target result` of each row.
fn told(answer: &Answer) -> Vec<String> {
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = answer.json()["rows"].as_array().unwrap().clone();
    rows.iter()
        .map(|row| ["who", "action", "target", "result"].map(|name| field(row, name)))
        .map(|row| row.join(" "))
        .collect()
}

async fn as_ann(service: &Service, method: Method, path: &str, body: Value) -> Answer {
    let request = service
        .json(method, path)
        .header("Email-Id", "ann@example.com");
    send(request.json(&body)).await
}

#[tokio::test]
async fn what_the_catalog_keeps_is_told_before_and_after_it_is_changed() {
    let service = Service::start();
    let document = json!([{"name": "kept", "command": ["true"]}]);
    as_ann(&service, Method::POST, "/metadata", document).await;
    let secret = json!({"value": "s3cret-canary"});
    as_ann(&service, Method::PUT, "/secret/kept/TOKEN", secret).await;
    as_ann(&service, Method::DELETE, "/secret/kept/OTHER", json!({})).await;
    let all = json!({"job_name": "kept", "secrets": {"A": "s3cret-canary"}});
    as_ann(&service, Method::POST, "/secret", all).await;
    as_ann(&service, Method::DELETE, "/metadata/kept", json!({})).await;

    let answer = service.get("/audit?who=ann@example.com").await;

    let mut rows = told(&answer);
    rows.reverse();
    let ann = |row: &str| format!("ann@example.com {row}");
    assert_eq!(
        rows,
        [
            ann("metadata.publish kept begun"),
            ann("metadata.publish kept done"),
            ann("secret.set kept/TOKEN begun"),
            ann("secret.set kept/TOKEN done"),
            ann("secret.remove kept/OTHER begun"),
            ann("secret.remove kept/OTHER failed"),
            ann("secret.replace kept begun"),
            ann("secret.replace kept done"),
            ann("metadata.unpublish kept begun"),
            ann("metadata.unpublish kept done"),
        ]
    );
    assert!(!answer.body.contains("canary"), "{answer:?}");
    let row = &answer.json()["rows"][0];
    assert_eq!(row["source"], "127.0.0.1");
    assert_eq!(row["count"], 1);
    assert_ne!(row["request_id"], "");
}

#[tokio::test]
async fn what_cannot_be_audited_is_not_done() {
    let service = Service::start();
    service.publish("stays", "true", json!({})).await;

    service
        .sql("proctor.db", "ALTER TABLE audit RENAME TO lost")
        .await;
    let refused = as_ann(&service, Method::DELETE, "/metadata/stays", json!({})).await;

    assert!(refused.status.is_server_error(), "{refused:?}");
    assert_eq!(service.get("/metadata/stays").await.status, 200);
}

#[tokio::test]
async fn a_try_that_is_refused_says_so() {
    let service = Service::start();
    service.publish("fine", "true", json!({})).await;
    let post = async |name: &str| {
        let body = json!({"name": name});
        as_ann(&service, Method::POST, "/execution", body).await
    };

    let fine = post("fine").await;
    let refused = post("nosuch").await;

    assert_eq!((fine.status.as_u16(), refused.status.as_u16()), (201, 404));
    let answer = service.get("/audit?action=execution.create").await;
    let results: Vec<_> = answer.json()["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["result"].clone())
        .collect();
    assert_eq!(results, ["refused", "done"]);
}

#[tokio::test]
async fn pages_follow_each_other_and_rows_get_their_seal() {
    let service = Service::start();
    for name in ["a", "b", "c"] {
        service.publish(name, "true", json!({})).await;
    }

    let first = service.get("/audit?result=done&limit=2").await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = service
        .get(&format!("/audit?result=done&limit=2&cursor={cursor}"))
        .await;

    assert_eq!(
        told(&first),
        [" metadata.publish c done", " metadata.publish b done"]
    );
    assert_eq!(told(&second), [" metadata.publish a done"]);
    assert_eq!(second.json().get("next_cursor"), None);
    wait_for_async("every row to be sealed", async || {
        let rows = service.get("/audit").await.json()["rows"].clone();
        let sealed = |row: &Value| row["seal"].as_i64() > Some(0);
        if rows.as_array().unwrap().iter().all(sealed) {
            Ok(())
        } else {
            Err(rows)
        }
    })
    .await;
    let wrong = service.get("/audit?colour=red&result=fine").await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.json()["mistakes"].as_array().unwrap().len(), 2);
}
