//! Schedules: version 2's exchanges with its defects put right, and what is new.

use jiff::{SignedDuration, Timestamp};
use proctor_testkit::wait_for_async;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

fn wanted() -> Value {
    json!({"jobName": "report", "args": {"DAY": "Monday"}, "tags": "nightly", "cron": "30 9 * * mon-fri",
        "notificationEmails": "ann@example.com", "group": "ops"})
}

fn with(changes: Value) -> Value {
    let mut body = wanted();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn service() -> Service {
    let service = Service::start();
    let args = json!({"env_vars": {"args": [{"name": "DAY"}]}});
    service
        .publish("report", "echo $DAY $USER_EMAIL", args)
        .await;
    service
}

async fn ask(service: &Service, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let request = service.plain(method, path);
    let request = match body {
        Some(body) => request.body(body.to_string()),
        None => request,
    };
    send(request.header("Email-Id", "ann@example.com")).await
}

/// V2 §1.8, in its order.
#[tokio::test]
async fn the_first_mistake_is_told_as_version_2_did() {
    let service = service().await;
    let rows = [
        (json!([]).to_string(), 400, "Malformed request"),
        ("{".to_owned(), 400, "Malformed request"),
        (json!({}).to_string(), 400, "Schedule tag(s) are missing"),
        (
            with(json!({"cron": "61 * * * *", "group": ""})).to_string(),
            400,
            "Schedule cron format is invalid",
        ),
        (
            with(json!({"cron": "0 30 9 * * * *"})).to_string(),
            400,
            "Schedule cron format is invalid",
        ),
        (
            with(json!({"notificationEmails": "", "group": ""})).to_string(),
            400,
            "Email is invalid",
        ),
        (
            with(json!({"notificationEmails": "a@b, c@d"})).to_string(),
            400,
            "Email is invalid",
        ),
        (
            with(json!({"group": "", "jobName": "nosuch"})).to_string(),
            400,
            "Schedule group is missing",
        ),
        (
            with(json!({"jobName": "nosuch"})).to_string(),
            404,
            "Metadata not found",
        ),
        (
            with(json!({"jobName": "no such"})).to_string(),
            404,
            "Metadata not found",
        ),
    ];

    for (body, status, text) in rows {
        let request = service.plain(Method::POST, "/schedule").body(body.clone());
        let answer = send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (status, text),
            "{body}"
        );
    }
}

/// V2 §1.8 and §10.2 C5, C6.
#[tokio::test]
async fn what_version_2_had_is_as_it_was_and_its_defects_are_not() {
    let service = service().await;
    let none = ask(&service, Method::GET, "/schedule", None).await;
    assert_eq!((none.status.as_u16(), none.body.as_str()), (204, ""));
    let forged = with(json!({"userEmail": "boss@example.com", "id": 7}));

    let created = ask(&service, Method::POST, "/schedule", Some(&forged)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let schedule = created.json();
    let again = ask(&service, Method::POST, "/schedule", Some(&wanted())).await;
    let path = format!("/schedule/{}", schedule["id"]);
    let shown = ask(&service, Method::GET, &path, None).await;
    let list = ask(&service, Method::GET, "/schedule", None).await;
    let removed = ask(&service, Method::DELETE, &path, None).await;
    let gone = ask(&service, Method::DELETE, &path, None).await;
    let firings = ask(&service, Method::GET, &format!("{path}/firings"), None).await;

    assert_eq!(schedule["userEmail"], "ann@example.com");
    assert_eq!(
        (&schedule["enabled"], &schedule["cron"]),
        (&json!(true), &json!("0 30 9 * * mon-fri"))
    );
    assert_eq!(schedule["next"].as_array().unwrap().len(), 5);
    assert!(
        schedule["warnings"][0].as_str().unwrap().contains("mail"),
        "{schedule}"
    );
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.body, "Schedule job name and args duplicate is found");
    assert_eq!(shown.json()["id"], schedule["id"]);
    assert_eq!(list.json().as_array().unwrap().len(), 1);
    assert_eq!(
        (removed.status.as_u16(), removed.body.as_str()),
        (200, "Schedule delete is successful")
    );
    assert_eq!(
        (gone.status.as_u16(), gone.body.as_str()),
        (404, "Schedule not found")
    );
    assert_eq!(firings.status, 200, "{firings:?}");
    let bad = ask(&service, Method::GET, "/schedule/x", None).await;
    assert_eq!(bad.body, "Failed to translate path parameter to uint64");
}

#[tokio::test]
async fn a_moment_fires_runs_and_is_told() {
    let service = service().await;
    let at = Timestamp::now() + SignedDuration::from_millis(1500);
    let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap();
    // Clients may tell more digits than are stored.
    let finer = at + SignedDuration::from_nanos(789);
    let body = with(json!({"cron": "", "at": finer.to_string()}));
    let created = ask(&service, Method::POST, "/schedule", Some(&body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!("/schedule/{}", created.json()["id"]);

    let fired = wait_for_async("the schedule to have fired and run", async || {
        let page = service.get(&format!("{path}/firings")).await.json();
        let firing = page["firings"][0].clone();
        if firing["status"] == "SUCCEEDED" {
            Ok(firing)
        } else {
            Err(page)
        }
    })
    .await;

    assert_eq!(fired["kind"], "fired");
    let moment: Timestamp = fired["moment"].as_str().unwrap().parse().unwrap();
    let fired_at: Timestamp = fired["fired_at"].as_str().unwrap().parse().unwrap();
    assert!(fired_at >= moment, "{fired}");
    assert_eq!(moment, at);
    let id = &fired["execution_id"];
    let log = service.get(&format!("/execution/{id}/logs")).await;
    assert_eq!(log.body, "Monday worker@proctor\n");
    let schedule = service.get(&path).await.json();
    assert_eq!(schedule["next_at"], Value::Null);
    let metrics = service.get("/metrics").await.body;
    assert!(
        metrics.contains("proctor_schedule_firings_total 1"),
        "{metrics}"
    );
    // It is covered, so it is not covered once more.
    let removed = ask(&service, Method::DELETE, &path, None).await;
    assert!(removed.status.is_success(), "{removed:?}");
    let page = service.get(&format!("{path}/firings")).await.json();
    assert_eq!(page["firings"].as_array().unwrap().len(), 1, "{page}");
}

#[tokio::test]
async fn a_schedule_is_paused_changed_and_resumed() {
    let service = service().await;
    let created = ask(&service, Method::POST, "/schedule", Some(&wanted()))
        .await
        .json();
    let path = format!("/schedule/{}", created["id"]);

    let paused = ask(&service, Method::POST, &format!("{path}/pause"), None)
        .await
        .json();
    let next = format!("{path}/next");
    let next_of_paused = ask(&service, Method::GET, &next, None).await.json();
    // What is answered may be sent back.
    let mut body = ask(&service, Method::GET, &path, None).await.json();
    body["time_zone"] = json!("Europe/Berlin");
    let changed = ask(&service, Method::PUT, &path, Some(&body)).await;
    let resumed = ask(&service, Method::POST, &format!("{path}/resume"), None)
        .await
        .json();
    let next = ask(&service, Method::GET, &next, None).await.json();

    assert_eq!(
        (&next_of_paused["paused"], &next["paused"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        (&paused["paused"], &paused["enabled"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(paused["next_at"], Value::Null);
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = changed.json();
    assert_eq!(
        (&changed["time_zone"], &changed["paused"]),
        (&json!("Europe/Berlin"), &json!(true))
    );
    assert_eq!(changed["cron"], "0 30 9 * * mon-fri");
    assert_eq!(resumed["paused"], json!(false));
    assert!(resumed["next_at"].is_string(), "{resumed}");
    let audit = service.audit().await;
    for verb in ["create", "pause", "change", "resume"] {
        let row = format!("ann@example.com schedule.{verb} {}", created["id"]);
        assert!(audit.contains(&row), "{row}: {audit:?}");
    }
}

#[tokio::test]
async fn changes_of_the_clock_are_marked() {
    let service = service().await;
    let body = with(json!({"cron": "30 2 * * *", "time_zone": "Europe/Berlin",
        "not_before": "2030-03-30T12:00:00Z"}));
    let created = ask(&service, Method::POST, "/schedule", Some(&body))
        .await
        .json();

    let path = format!("/schedule/{}/next?count=2", created["id"]);
    let next = service.get(&path).await.json();

    assert_eq!(next["time_zone"], "Europe/Berlin");
    let first = &next["moments"][0];
    assert_eq!(first["local"], "2030-03-31T03:00:00");
    assert_eq!(
        first["daylight_saving"],
        json!({"kind": "skipped", "from": "2030-03-31T02:30:00"})
    );
    assert_eq!(next["moments"][1]["daylight_saving"], Value::Null);
}

#[tokio::test]
async fn publishing_what_breaks_schedules_is_refused_unless_it_is_forced() {
    let service = service().await;
    let created = ask(&service, Method::POST, "/schedule", Some(&wanted()))
        .await
        .json();
    let document = json!([{"name": "report", "command": ["true"],
        "env_vars": {"args": [{"name": "WEEK", "required": true}]}}]);

    let refused = service.post("/metadata", &document).await;
    let forced = service.post("/metadata?force=true", &document).await;

    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    let problem = refused.json();
    assert_eq!(problem["type"], "/problems/breaks-schedules");
    let place = format!("schedule {}", created["id"]);
    assert_eq!(problem["mistakes"][0]["at"], json!(place));
    assert_eq!(forced.status, 201, "{forced:?}");
    let path = format!("/schedule/{}", created["id"]);
    let held = service.get(&path).await.json();
    assert!(held["held"].as_str().unwrap().contains("WEEK"), "{held}");
    let resumed = ask(&service, Method::POST, &format!("{path}/resume"), None)
        .await
        .json();
    assert_eq!(resumed["held"], Value::Null);
    let bad = ask(&service, Method::PUT, &path, Some(&wanted())).await;
    assert_eq!(bad.status, 400, "{bad:?}");
    let good = with(json!({"args": {"WEEK": "7"}}));
    let good = ask(&service, Method::PUT, &path, Some(&good)).await;
    assert_eq!(good.status, 200, "{good:?}");
}

#[tokio::test]
async fn somebody_runs_a_schedule_by_hand() {
    let service = service().await;
    let created = ask(&service, Method::POST, "/schedule", Some(&wanted()))
        .await
        .json();
    let path = format!("/schedule/{}", created["id"]);

    let ran = ask(&service, Method::POST, &format!("{path}/run"), None).await;

    assert_eq!(ran.status, 201, "{ran:?}");
    let ran = service.wait_for(&ran.json()["id"], "SUCCEEDED").await;
    assert_eq!(ran["user_email"], "ann@example.com");
    let page = service.get(&format!("{path}/firings")).await.json();
    assert_eq!(page["firings"][0]["kind"], "run");
    assert_eq!(page["firings"][0]["execution_id"], ran["id"]);
}

/// A document and a schedule that does not fit it come at once.
#[tokio::test(flavor = "multi_thread")]
async fn none_that_does_not_fit_slips_in_beside_a_document() {
    let service = service().await;
    let document =
        |args: Value| json!([{"name": "report", "command": ["true"], "env_vars": {"args": args}}]);
    let takes_numbers = document(json!([{"name": "DAY", "pattern": "[0-9]+"}]));
    let takes_all = document(json!([{"name": "DAY"}]));

    for _ in 0..20 {
        let body = wanted();
        let (published, created) = tokio::join!(
            ask(&service, Method::POST, "/metadata", Some(&takes_numbers)),
            ask(&service, Method::POST, "/schedule", Some(&body)),
        );

        if published.status == 201 && created.status == 201 {
            let path = format!("/schedule/{}", created.json()["id"]);
            let held = ask(&service, Method::GET, &path, None).await.json();
            assert!(held["held"].is_string(), "{held}");
        }
        for schedule in listed(&service).await {
            let path = format!("/schedule/{}", schedule["id"]);
            let removed = ask(&service, Method::DELETE, &path, None).await;
            assert_eq!(removed.status, 200, "{removed:?}");
        }
        let again = ask(&service, Method::POST, "/metadata", Some(&takes_all)).await;
        assert_eq!(again.status, 201, "{again:?}");
    }
}

async fn listed(service: &Service) -> Vec<Value> {
    let list = ask(service, Method::GET, "/schedule", None).await;
    match list.status.as_u16() {
        204 => Vec::new(),
        _ => list.json().as_array().unwrap().clone(),
    }
}
