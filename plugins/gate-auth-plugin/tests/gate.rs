//! What Gate is asked, and what its answers come to.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use gate_auth_plugin::Gate;
use proctor_plugin::{Auth, Credentials, Failure, User, Variables};
use proctor_testkit::{WebAnswer, WebServer};
use serde_json::json;

fn gate(server: &WebServer) -> Gate {
    let host = server.host();
    let variables: Variables = [
        ("GATE_PLUGIN_PROTOCOL", "http"),
        ("GATE_PLUGIN_HOST", &host),
        ("GATE_PLUGIN_PROFILE_PATH", "api/profile"),
        ("GATE_PLUGIN_TIMEOUT_SECONDS", "1"),
    ]
    .into_iter()
    .collect();
    Gate::with(&variables).unwrap()
}

fn ask(server: &WebServer) -> Result<Option<User>, Failure> {
    gate(server).authenticate(&Credentials {
        email: Some("ada+x@example.org".to_owned()),
        token: "s3cr&t".to_owned(),
    })
}

fn answering(answer: WebAnswer) -> WebServer {
    WebServer::start(move |_| answer.clone())
}

#[test]
fn gate_is_asked_as_by_version_2_and_its_profile_is_the_user() {
    let server = answering(WebAnswer::json(json!({
        "email": "ada@example.org", "name": "Ada", "active": true, "id": 9,
        "groups": [{"id": 1, "name": "ops"}, {"id": 2, "name": "db"}],
    })));

    let user = ask(&server).unwrap().unwrap();

    assert_eq!((&*user.email, &*user.name), ("ada@example.org", "Ada"));
    assert!(user.active);
    assert_eq!(user.groups, ["ops", "db"]);
    let asked = &server.asked()[0];
    assert_eq!(asked.method, "GET");
    assert_eq!(
        asked.target,
        "/api/profile?email=ada%2Bx%40example.org&access_token=s3cr%26t"
    );
    assert_eq!(asked.header("accept"), Some("application/json"));
}

#[test]
fn a_profile_may_say_little_and_nobody_is_active_unless_it_says_so() {
    let server = answering(WebAnswer::json(r#"{"email": "a@b", "groups": null}"#));

    let user = ask(&server).unwrap().unwrap();

    assert!(!user.active);
    assert_eq!(user.groups, Vec::<String>::new());
}

#[test]
fn wrong_tokens_and_unknown_addresses_are_nobody() {
    for status in [401, 404] {
        assert_eq!(ask(&answering(WebAnswer::status(status, "no"))), Ok(None));
    }
    let server = answering(WebAnswer::json("{}"));
    let alone = Credentials {
        email: None,
        token: "s3cr&t".to_owned(),
    };
    assert_eq!(gate(&server).authenticate(&alone), Ok(None));
    assert_eq!(server.asked(), []);
}

#[test]
fn whatever_else_gate_says_is_a_failure_that_tells_no_token() {
    let broken = answering(WebAnswer::status(500, "no s3cr&t here"));
    let elsewhere = answering(WebAnswer::status(302, "").with("Location", "/login"));

    let told = ask(&broken).unwrap_err().to_string();

    assert_eq!(
        told,
        format!(
            "request to {} with email ada+x@example.org failed, returned body no … here",
            broken.url("/api/profile")
        )
    );
    assert!(ask(&elsewhere).is_err());
    for (answer, told) in [
        (WebAnswer::json("<html>"), "Gate returned no profile"),
        (WebAnswer::json("{}"), "Gate returned no profile"),
        (WebAnswer::json("x".repeat(2 << 20)), "is too long"),
        (WebAnswer::Silence, "no whole answer in time"),
    ] {
        let failure = ask(&answering(answer)).unwrap_err().to_string();
        assert!(failure.contains(told), "{failure}");
        assert!(!failure.contains("s3cr"), "{failure}");
    }
}

#[test]
fn wrong_settings_are_told_by_name() {
    let refused = |name: &str, value: &str| {
        let variables: Variables = [(name, value)].into_iter().collect();
        Gate::with(&variables).err().unwrap().to_string()
    };

    assert!(Gate::with(&Variables::default()).is_ok());
    for (name, value) in [
        ("GATE_PLUGIN_PROTOCOL", "ftp"),
        ("GATE_PLUGIN_HOST", "example.org/path"),
        ("GATE_PLUGIN_HOST", "ada@example.org"),
        ("GATE_PLUGIN_HOST", "exa mple"),
        ("GATE_PLUGIN_PROFILE_PATH", "profile?x=y"),
        ("GATE_PLUGIN_TIMEOUT_SECONDS", "0"),
    ] {
        let told = refused(name, value);
        assert!(told.starts_with(name), "{told}");
    }
}
