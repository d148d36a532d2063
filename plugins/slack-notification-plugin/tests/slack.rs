//! What Slack gets, and what comes of its answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use proctor_plugin::{Event, EventKind, Failure, Notification, Recipient, Variables};
use proctor_testkit::{WebAnswer, WebServer};
use serde_json::{Value, json};
use slack_notification_plugin::Slack;

fn notify(server: &WebServer) -> Result<(), Failure> {
    let url = server.url("/services/T0/B0/hush");
    let variables: Variables = [
        ("SLACK_PLUGIN_URL", url.as_str()),
        ("SLACK_PLUGIN_TIMEOUT_SECONDS", "1"),
    ]
    .into_iter()
    .collect();
    Slack::with(&variables).unwrap().notify(&Event {
        id: "7".to_owned(),
        kind: "EXECUTION_EVENT".to_owned(),
        event: EventKind::Created,
        user: Recipient {
            email: "ada@example.org".to_owned(),
        },
        content: [("JobName".to_owned(), "backup".to_owned())].into(),
    })
}

#[test]
fn a_message_is_posted_as_json() {
    let server = WebServer::start(|_| WebAnswer::status(200, "ok"));

    notify(&server).unwrap();

    let asked = &server.asked()[0];
    assert_eq!(
        (&*asked.method, &*asked.target),
        ("POST", "/services/T0/B0/hush")
    );
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let message: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(
        message,
        json!({"blocks": [{
            "type": "section",
            "text": {"type": "plain_text", "text": "ada@example.org execute job with details:"},
            "fields": [
                {"type": "mrkdwn", "text": "*JobName*"}, {"type": "plain_text", "text": "backup"},
            ],
        }]})
    );
}

#[test]
fn what_slack_refuses_is_told_with_its_reason_and_without_the_address() {
    for (answer, told) in [
        (
            WebAnswer::status(400, "invalid_blocks"),
            " answered 400: invalid_blocks",
        ),
        (
            WebAnswer::status(404, "x".repeat(9000)),
            format!(" answered 404: {}…", "x".repeat(300)).as_str(),
        ),
        (
            WebAnswer::status(429, "slow").with("Retry-After", "30"),
            " answered 429, to be repeated after 30: slow",
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

        let failure = notify(&server).unwrap_err().to_string();

        assert_eq!(failure, format!("{}{told}", server.url("")));
    }
}

#[test]
fn wrong_settings_are_told_by_name() {
    let refused = |pairs: &[(&str, &str)]| {
        let variables: Variables = pairs.iter().copied().collect();
        Slack::with(&variables).err().unwrap().to_string()
    };

    assert!(refused(&[]).starts_with("SLACK_PLUGIN_URL is not set"));
    let told = refused(&[("SLACK_PLUGIN_URL", "hooks.slack.com/services/hush")]);
    assert!(told.starts_with("SLACK_PLUGIN_URL is no URL"), "{told}");
    let url = ("SLACK_PLUGIN_URL", "https://hooks.slack.com/services/hush");
    let told = refused(&[url, ("SLACK_PLUGIN_TIMEOUT_SECONDS", "soon")]);
    assert!(
        told.starts_with("SLACK_PLUGIN_TIMEOUT_SECONDS is"),
        "{told}"
    );
}
