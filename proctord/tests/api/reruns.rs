use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

async fn rerun(service: &Service, id: &Value, key: &str) -> Answer {
    let path = format!("/execution/{id}/rerun");
    let request = service.json(Method::POST, &path);
    let request = request
        .header("Email-Id", "again@example.com")
        .header("Idempotency-Key", key);
    send(request).await
}

#[tokio::test]
async fn a_rerun_has_the_args_of_the_first_and_the_proc_of_today() {
    let service = Service::with(&[("PROCTOR_CALLBACK_ALLOW", "127.0.0.1:1")]);
    service.publish("twice", "exit 1", json!({})).await;
    let body = json!({"name": "twice", "args": {"A": "1"}, "callback_url": "http://127.0.0.1:1/"});
    let first = service.post("/execution", &body).await.json();
    service.wait_for(&first["id"], "FAILED").await;
    service.publish("twice", "test \"$A\" = 1", json!({})).await;

    let answer = rerun(&service, &first["id"], "r-1").await;

    assert_eq!(answer.status, 201, "{answer:?}");
    let second = answer.json();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["args"], json!({"A": "1"}));
    assert_eq!(second["user_email"], "again@example.com");
    assert_eq!(second.get("callback_url"), None);
    service.wait_for(&second["id"], "SUCCEEDED").await;
    let row = format!("again@example.com execution.rerun {}", second["id"]);
    assert!(service.audit().await.contains(&row));
}

#[tokio::test]
async fn a_repeated_rerun_is_the_same_and_its_key_is_good_for_nothing_else() {
    let service = Service::start();
    service.publish("keyed", "true", json!({})).await;
    let first = service.execute("keyed").await;
    let other = service.execute("keyed").await;

    let one = rerun(&service, &first["id"], "r-1").await;
    let again = rerun(&service, &first["id"], "r-1").await;
    let another = rerun(&service, &other["id"], "r-1").await;
    let plain = service
        .json(Method::POST, "/execution")
        .header("Email-Id", "again@example.com")
        .header("Idempotency-Key", "r-1");
    let plain = send(plain.json(&json!({"name": "keyed"}))).await;
    let bad = rerun(&service, &first["id"], &"k".repeat(300)).await;

    assert_eq!(one.json()["id"], again.json()["id"]);
    assert_eq!(another.status, 409, "{another:?}");
    assert_eq!(plain.status, 409, "{plain:?}");
    assert_eq!(bad.status, 422, "{bad:?}");
}

#[tokio::test]
async fn todays_metadata_decides_and_what_was_refused_is_not_run_again() {
    let service = Service::start();
    service.publish("stricter", "true", json!({})).await;
    let first = service.execute("stricter").await;
    let needs = json!({"env_vars": {"args": [{"name": "B", "required": true}]}});
    service.publish("stricter", "true", needs).await;

    let refused = rerun(&service, &first["id"], "r-1").await;
    let id = refused.json()["execution_id"].clone();
    let nothing = rerun(&service, &id, "r-2").await;
    let unknown = rerun(&service, &json!(4711), "r-3").await;

    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(refused.json()["mistakes"][0]["at"], "args.B");
    assert_eq!(nothing.status, 422, "{nothing:?}");
    assert!(nothing.body.contains("was refused"), "{nothing:?}");
    assert_eq!(unknown.status, 404, "{unknown:?}");
}
