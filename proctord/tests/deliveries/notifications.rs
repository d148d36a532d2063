use proctor_testkit::{WebAnswer, WebRequest, WebServer, plugin, wait_for_async};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::Scene;

const SECRET: &str = "a secret that is long enough to be one";

/// What came so far, as JSON.
fn bodies(server: &WebServer) -> Vec<Value> {
    // Who is killed may leave half a request behind.
    let is_whole = |request: &&WebRequest| {
        let length = request.header("content-length");
        length == Some(&request.body.len().to_string())
    };
    let body = |request: &WebRequest| serde_json::from_slice(&request.body).unwrap();
    server.asked().iter().filter(is_whole).map(body).collect()
}

async fn all(server: &WebServer, count: usize) -> Vec<Value> {
    wait_for_async(&format!("{count} notifications"), async || {
        let bodies = bodies(server);
        if bodies.len() >= count {
            Ok(bodies)
        } else {
            Err(bodies)
        }
    })
    .await
}

async fn telling_web(server: &WebServer) -> Scene {
    let library = plugin("webhook-notification-plugin").display().to_string();
    Scene::with(&[
        ("PROCTOR_NOTIFICATION_PLUGIN_BINARY", &library),
        ("WEBHOOK_PLUGIN_URL", &server.url("/events")),
        ("WEBHOOK_PLUGIN_ALLOW_HTTP", "true"),
        ("WEBHOOK_PLUGIN_SECRET", SECRET),
    ])
    .await
}

#[tokio::test]
async fn the_webhook_plugin_is_told_of_each_step() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = telling_web(&server).await;
    let id = scene.execute("gate", 3, None).await;
    all(&server, 2).await;
    scene.open("gate");

    let mut events = all(&server, 3).await;

    events.sort_by_key(|event| event["content"]["Order"].as_str().unwrap().to_owned());
    let told: Vec<_> = events
        .iter()
        .map(|event| (&event["event"], &event["content"]["Status"]))
        .map(|(event, status)| (event.as_str().unwrap(), status.as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("created", "CREATED"),
            ("started", "RUNNING"),
            ("finished", "FAILED")
        ]
    );
    let end = &events[2];
    assert_eq!(end["type"], "EXECUTION_EVENT");
    assert_eq!(end["user"]["email"], "ann@example.com");
    let content = &end["content"];
    assert_eq!(content["ExecutionID"], id.to_string());
    assert_eq!(content["JobName"], "wait");
    assert_eq!(content["ExitCode"], "3");
    assert_eq!(content["LogComplete"], "true");
    let args: Value = serde_json::from_str(content["Args"].as_str().unwrap()).unwrap();
    assert_eq!(args["CODE"], "3");
}

#[tokio::test]
async fn the_slack_plugin_posts_what_has_happened() {
    let server = WebServer::start(|_| WebAnswer::status(200, "ok"));
    let library = plugin("slack-notification-plugin").display().to_string();
    let scene = Scene::with(&[
        ("PROCTOR_NOTIFICATION_PLUGIN_BINARY", &library),
        ("SLACK_PLUGIN_URL", &server.url("/services/T/B/X")),
    ])
    .await;
    let id = scene.execute("gate", 0, None).await;
    scene.open("gate");

    let posts = all(&server, 3).await;

    let told = posts
        .iter()
        .filter(|post| post.to_string().contains(&id.to_string()));
    assert_eq!(told.count(), 3, "{posts:?}");
}

#[tokio::test]
async fn killed_between_call_and_word_it_comes_again_with_the_same_id() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let mut scene = telling_web(&server).await;
    scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "deliver.sent=crash")]);
    let id = scene.execute("gate", 0, None).await;
    scene.proctord.wait();
    scene.open("gate");

    let scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "")]);

    wait_for_async("every notification to be delivered", async || {
        let all = scene.deliveries(id).await;
        let done = all.iter().filter(|one| one["state"] == "delivered").count();
        if done == 3 { Ok(()) } else { Err(all) }
    })
    .await;
    let bodies = bodies(&server);
    let mut ids: Vec<_> = bodies.iter().map(|event| event["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert!(bodies.len() > 3, "{bodies:?}");
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_receiver_that_refuses_is_tried_again() {
    let server = WebServer::start(|_| WebAnswer::status(500, "broken"));
    let scene = telling_web(&server).await;
    let id = scene.execute("gate", 0, None).await;

    let error = scene.failed(id, "webhook_notification_plugin").await;

    assert!(error.contains("500"), "{error}");
    scene.open("gate");
}

#[tokio::test]
async fn a_schedule_that_is_held_is_told_once() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = telling_web(&server).await;
    let schedule = scene
        .schedule("gate", 0, &["ann@example.com"], json!({}))
        .await;
    let document = json!([{"name": "wait", "command": ["true"],
        "env_vars": {"args": [{"name": "WEEK", "required": true}]}}]);

    for _ in 0..2 {
        let path = "/metadata?force=true";
        let (status, answer) = scene.ask(Method::POST, path, &document).await;
        assert_eq!(status, 201, "{answer}");
    }

    let events = all(&server, 1).await;
    assert_eq!(events[0]["event"], "schedule_held");
    assert_eq!(events[0]["content"]["ScheduleID"], schedule.to_string());
    assert_eq!(events[0]["content"]["JobName"], "wait");
    let reason = events[0]["content"]["Reason"].as_str().unwrap();
    assert!(reason.contains("WEEK"), "{reason}");
    let (_, page) = scene.ask(Method::GET, "/delivery", &Value::Null).await;
    assert_eq!(page["deliveries"].as_array().unwrap().len(), 1, "{page}");
}
