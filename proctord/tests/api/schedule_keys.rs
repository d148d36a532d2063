//! Idempotency keys on the routes that make schedules and run them.

use jiff::{SignedDuration, Timestamp};
use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

fn wanted(day: &str) -> Value {
    json!({"jobName": "report", "args": {"DAY": day}, "tags": "nightly", "cron": "30 9 * * mon-fri",
        "notificationEmails": "ann@example.com", "group": "ops"})
}

async fn service() -> Service {
    let service = Service::start();
    service.publish("report", "true", json!({})).await;
    service
}

async fn ask(service: &Service, user: &str, key: &str, path: &str, body: &Value) -> Answer {
    let request = service.json(Method::POST, path);
    let request = request.header("Email-Id", user);
    send(request.header("Idempotency-Key", key).json(body)).await
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_same_schedule() {
    let service = service().await;
    let create = async |user: &str, key: &str, day: &str| {
        ask(&service, user, key, "/schedule", &wanted(day)).await
    };

    let first = create("ann@example.com", "k-1", "Monday").await;
    let again = create("ann@example.com", "k-1", "Monday").await;
    let other_key = create("ann@example.com", "k-2", "Monday").await;
    let other_body = create("ann@example.com", "k-1", "Tuesday").await;
    let other_user = create("bob@example.com", "k-1", "Tuesday").await;
    let bad = create("ann@example.com", &"k".repeat(256), "Friday").await;

    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.json(), first.json());
    assert_eq!(other_key.status, 409, "{other_key:?}");
    assert_eq!(other_key.json()["type"], "/problems/schedule-alike");
    assert_eq!(other_body.status, 409, "{other_body:?}");
    assert_eq!(other_body.json()["type"], "/problems/key-reused");
    assert_eq!(other_user.status, 201, "{other_user:?}");
    assert_eq!(bad.status, 422, "{bad:?}");
    let list = service.get("/schedule").await.json();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

/// The answer was lost, and by the time that the request comes again its moment has come and its proc is gone.
#[tokio::test]
async fn what_is_a_mistake_by_now_was_none_when_it_was_asked_first() {
    let service = service().await;
    let at = Timestamp::now() + SignedDuration::from_millis(1500);
    let mut body = wanted("Monday");
    body["cron"] = json!("");
    body["at"] = json!(at.to_string());
    let create = async || ask(&service, "ann@example.com", "k", "/schedule", &body).await;
    let first = create().await;
    assert_eq!(first.status, 201, "{first:?}");
    let path = format!("/schedule/{}/firings", first.json()["id"]);
    wait_for_async("the schedule to have fired", async || {
        let page = service.get(&path).await.json();
        match page["firings"].as_array().map(Vec::len) {
            Some(1) => Ok(()),
            _ => Err(page),
        }
    })
    .await;
    send(service.json(Method::DELETE, "/metadata/report")).await;

    let again = create().await;

    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.json()["next_at"], Value::Null);
}

#[tokio::test]
async fn a_repeated_run_is_the_same_and_its_key_is_good_for_nothing_else() {
    let service = service().await;
    let mut runs = Vec::new();
    for day in ["Monday", "Tuesday"] {
        let created = service.post("/schedule", &wanted(day)).await.json();
        runs.push(format!("/schedule/{}/run", created["id"]));
    }
    let post =
        async |path: &str, body: &Value| ask(&service, "ann@example.com", "k-1", path, body).await;

    let nothing = json!({});
    let (first, again) = tokio::join!(post(&runs[0], &nothing), post(&runs[0], &nothing));
    let other = post(&runs[1], &nothing).await;
    let plain = post("/execution", &json!({"name": "report"})).await;

    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(other.status, 409, "{other:?}");
    assert_eq!(plain.status, 409, "{plain:?}");
    let path = runs[0].replace("/run", "/firings");
    let page = service.get(&path).await.json();
    assert_eq!(page["firings"].as_array().unwrap().len(), 1, "{page}");
    service.wait_for(&first.json()["id"], "SUCCEEDED").await;
}
