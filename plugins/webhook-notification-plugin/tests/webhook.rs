//! What a receiver gets, and what comes of its answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::time::{Duration, SystemTime};

use proctor_plugin::{Event, EventKind, Notification, Recipient, Variables};
use proctor_testkit::{WebAnswer, WebServer};
use webhook_notification_plugin::{Webhook, sign};

const SECRET: &str = "a secret of some length";

fn webhook(server: &WebServer) -> Webhook {
    let url = server.url("/hooks/hush");
    let variables: Variables = [
        ("WEBHOOK_PLUGIN_URL", url.as_str()),
        ("WEBHOOK_PLUGIN_ALLOW_HTTP", "true"),
        ("WEBHOOK_PLUGIN_SECRET", SECRET),
        ("WEBHOOK_PLUGIN_TIMEOUT_SECONDS", "1"),
    ]
    .into_iter()
    .collect();
    Webhook::with(&variables).unwrap()
}

fn event() -> Event {
    let content = [("JobName", "backup"), ("Status", "SUCCEEDED")];
    Event {
        id: "delivery-7".to_owned(),
        kind: "EXECUTION_EVENT".to_owned(),
        event: EventKind::Finished,
        user: Recipient {
            email: "ada@example.org".to_owned(),
        },
        content: content
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

#[test]
fn an_event_arrives_signed_and_with_its_id() {
    let server = WebServer::start(|_| WebAnswer::status(204, ""));
    let webhook = webhook(&server);

    webhook.notify(&event()).unwrap();
    webhook.notify(&event()).unwrap();

    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for request in &asked {
        assert_eq!(
            (&*request.method, &*request.target),
            ("POST", "/hooks/hush")
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("proctor-delivery"), Some("delivery-7"));
        assert_eq!(request.header("proctor-event"), Some("EXECUTION_EVENT"));
        let told: Event = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(told, event());

        let signature = request.header("proctor-signature").unwrap();
        let seconds = signature.strip_prefix("t=").unwrap().split(',').next();
        let seconds: u64 = seconds.unwrap().parse().unwrap();
        assert_eq!(
            signature,
            sign(SECRET.as_bytes(), seconds, &request.body).unwrap()
        );
        let signed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(signed.elapsed().unwrap() < Duration::from_secs(120));
    }
}

#[test]
fn a_changed_body_or_time_or_another_secret_is_signed_otherwise() {
    let right = sign(SECRET.as_bytes(), 7, b"{}").unwrap();

    for (secret, seconds, body) in [
        (SECRET, 7, "{ }"),
        (SECRET, 8, "{}"),
        ("another secret of some", 7, "{}"),
    ] {
        let other = sign(secret.as_bytes(), seconds, body.as_bytes()).unwrap();
        assert_ne!(other.split_once("v1="), right.split_once("v1="));
    }
}

#[test]
fn a_receiver_that_does_not_take_it_is_told_without_the_path() {
    for (answer, told) in [
        (WebAnswer::status(500, "on fire"), " answered 500: on fire"),
        (
            WebAnswer::status(429, "").with("Retry-After", "30"),
            " answered 429, to be repeated after 30: ",
        ),
        (
            WebAnswer::status(302, "").with("Location", "/elsewhere"),
            " answered 302: ",
        ),
        (
            WebAnswer::Silence,
            " cannot be asked: no whole answer in time",
        ),
    ] {
        let server = WebServer::start(move |_| answer.clone());

        let failure = webhook(&server).notify(&event()).unwrap_err().to_string();

        assert_eq!(failure, format!("{}{told}", server.url("")));
        assert_eq!(server.asked().len(), 1, "nothing is repeated here");
    }
}

#[test]
fn wrong_settings_are_told_by_name() {
    let url = ("WEBHOOK_PLUGIN_URL", "https://example.org/hush");
    let secret = ("WEBHOOK_PLUGIN_SECRET", SECRET);
    let refused = |pairs: &[(&str, &str)]| {
        let variables: Variables = pairs.iter().copied().collect();
        Webhook::with(&variables).err().unwrap().to_string()
    };

    for (pairs, told) in [
        (vec![secret], "WEBHOOK_PLUGIN_URL is not set"),
        (
            vec![secret, ("WEBHOOK_PLUGIN_URL", "http://example.org/hush")],
            "WEBHOOK_PLUGIN_URL does not begin with https://",
        ),
        (vec![url], "WEBHOOK_PLUGIN_SECRET (or"),
        (
            vec![url, ("WEBHOOK_PLUGIN_SECRET", "short")],
            "WEBHOOK_PLUGIN_SECRET (or",
        ),
        (
            vec![url, secret, ("WEBHOOK_PLUGIN_ALLOW_HTTP", "1")],
            "WEBHOOK_PLUGIN_ALLOW_HTTP is neither",
        ),
    ] {
        let failure = refused(&pairs);
        assert!(failure.starts_with(told), "{failure}");
        assert!(!failure.contains("hush") && !failure.contains("short"));
    }
}
