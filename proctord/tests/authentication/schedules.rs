//! Whose right counts when a schedule fires, and whose schedules are seen.

use jiff::{SignedDuration, Timestamp};
use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Proof, Site, USERS, email, send, write_users};

const PROC: &str = "report";

fn wanted(in_milliseconds: i64) -> Value {
    let at = Timestamp::now() + SignedDuration::from_millis(in_milliseconds);
    json!({"jobName": PROC, "tags": "t", "at": at.to_string(), "notificationEmails": "a@example.org",
        "group": "g", "userEmail": email("root")})
}

async fn create(site: &Site, who: &str, body: &Value) -> Value {
    let answer = site.ask(who, Method::POST, "/schedule", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// The execution of the schedule's only firing, once it has ended.
async fn fired(site: &Site, schedule: &Value) -> Value {
    let path = format!("/schedule/{}/firings", schedule["id"]);
    let firing = wait_for_async("the schedule to have fired", async || {
        let page = site.get("root", &path).await.json();
        let firing = page["firings"][0].clone();
        let status = firing["status"].as_str().unwrap_or_default();
        match status {
            "SUCCEEDED" | "REQUIREMENT_NOT_MET" => Ok(firing),
            _ => Err(page),
        }
    })
    .await;
    let path = format!("/execution/{}", firing["execution_id"]);
    site.get("root", &path).await.json()
}

#[tokio::test]
async fn a_schedule_fires_by_the_right_that_its_owner_has_then() {
    let site = Site::with(&[("PROCTOR_AUTH_CACHE_LIFETIME", "0")]);
    site.publish(PROC, &["ops", "db"], "true").await;

    let allowed = create(&site, "all", &wanted(1500)).await;
    assert_eq!(
        allowed["userEmail"],
        json!(email("all")),
        "the body does not decide"
    );
    let execution = fired(&site, &allowed).await;
    assert_eq!(execution["status"], "SUCCEEDED", "{execution}");
    assert_eq!(execution["user_email"], "worker@proctor");

    let late = create(&site, "all", &wanted(3000)).await;
    let users = USERS.map(|(name, groups)| {
        if name == "all" {
            (name, &["ops"][..])
        } else {
            (name, groups)
        }
    });
    write_users(site.folder.path(), &users, &[]);
    let execution = fired(&site, &late).await;
    assert_eq!(execution["status"], "REQUIREMENT_NOT_MET", "{execution}");
    let reason = execution["reason"].as_str().unwrap();
    assert!(
        reason.contains(&email("all")) && reason.contains("ops, db"),
        "{reason}"
    );
}

/// S1: version 2 asked about `name` and scheduled `jobName`.
#[tokio::test]
async fn s1_the_proc_that_is_scheduled_is_the_one_that_is_asked_about() {
    let site = Site::start();
    site.publish("everybody-s", &[], "true").await;
    site.publish(PROC, &["vault"], "true").await;
    let mut body = wanted(60_000);
    body["name"] = json!("everybody-s");

    let refused = site.ask("all", Method::POST, "/schedule", &body).await;
    let mine = create(&site, "root", &body).await;
    let list = site.get("all", "/schedule").await;
    let shown = site.get("all", &format!("/schedule/{}", mine["id"])).await;
    let path = format!("/schedule/{}", mine["id"]);
    let removed = site.request(Method::DELETE, &path, Proof::Token("all", "all"));

    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(list.json(), json!([]));
    assert_eq!(shown.status, 403, "{shown:?}");
    assert_eq!(send(removed).await.status, 403);
}

/// Who changes a schedule answers for it: nobody puts args into what runs by another's right.
#[tokio::test]
async fn whoever_changes_a_schedule_is_its_owner() {
    let site = Site::start();
    site.publish(PROC, &["ops"], "true").await;
    let body = wanted(60_000);
    let mine = create(&site, "root", &body).await;

    let path = format!("/schedule/{}", mine["id"]);
    let changed = site.ask("some", Method::PUT, &path, &body).await;

    assert_eq!(changed.json()["userEmail"], json!(email("some")));
    let resumed = format!("{path}/pause");
    let paused = site.ask("all", Method::POST, &resumed, &Value::Null).await;
    assert_eq!(
        paused.json()["userEmail"],
        json!(email("some")),
        "{paused:?}"
    );
}
