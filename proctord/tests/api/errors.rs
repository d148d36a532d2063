//! Requests that are wrong in form, and the shape of the answers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Service, send};

#[tokio::test]
async fn json_clients_get_problems_and_others_plain_text() {
    let service = Service::start();

    for (method, path, status) in [
        (Method::GET, "/nowhere", 404),
        (Method::DELETE, "/metadata", 405),
        (Method::POST, "/ping", 405),
        (Method::GET, "/execution/x/status", 400),
        (Method::GET, "/execution/0/status", 400),
        (Method::GET, "/execution/18446744073709551616/status", 400),
        (Method::GET, "/execution/4711/status", 404),
        (Method::GET, "/execution?limit=0", 422),
    ] {
        let problem = send(service.json(method.clone(), path)).await;
        let plain = send(service.plain(method, path).header("Accept", "*/*")).await;

        assert_eq!(problem.status, status, "{path}: {problem:?}");
        assert_eq!(problem.content_type, "application/problem+json", "{path}");
        let body = problem.json();
        assert_eq!(body["status"], status, "{path}");
        assert!(
            body["type"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("/problems/")),
            "{path}: {body}"
        );
        assert!(
            body["instance"].as_str().is_some_and(|id| id.len() == 36),
            "{path}: {body}"
        );
        assert!(
            plain.content_type.starts_with("text/plain"),
            "{path}: {plain:?}"
        );
        assert_ne!(plain.body, "", "{path}");
    }
}

#[tokio::test]
async fn the_go_systems_texts_are_kept() {
    let service = Service::start();
    let plain = async |method, path: &str, body: &'static str| {
        let answer = send(service.plain(method, path).body(body)).await;
        (answer.status.as_u16(), answer.body)
    };

    assert_eq!(
        plain(Method::GET, "/ping", "").await,
        (200, "pong".to_owned())
    );
    assert_eq!(
        plain(Method::GET, "/execution/x/status", "").await,
        (
            400,
            "Failed to translate path parameter to uint64".to_owned()
        )
    );
    assert_eq!(
        plain(Method::GET, "/execution/7/status", "").await,
        (404, "Execution context not Found".to_owned())
    );
    for body in ["", "{", "[]", r#"{"name": "x", "args": {"A": 1}}"#] {
        assert_eq!(
            plain(Method::POST, "/execution", body).await,
            (400, "Failed to parse request body from CLI".to_owned()),
            "{body}"
        );
    }
    assert_eq!(
        plain(Method::POST, "/secret", "x").await,
        (400, "malformed request".to_owned())
    );
}

#[tokio::test]
async fn what_is_too_large_or_too_much_is_refused_clearly() {
    let service = Service::start();
    service.publish("loose", "true", json!({})).await;
    let many: serde_json::Map<String, Value> =
        (0..10_000).map(|n| (format!("A{n}"), json!(""))).collect();

    let large = service
        .post(
            "/execution",
            &json!({"name": "loose", "args": {"A": "x".repeat(2 << 20)}}),
        )
        .await;
    let many = service
        .post("/execution", &json!({"name": "loose", "args": many}))
        .await;
    let nul = service
        .post(
            "/execution",
            &json!({"name": "loose", "args": {"A": "a\u{0}b"}}),
        )
        .await;
    let invalid = send(
        service
            .json(Method::POST, "/execution")
            .body(b"{\"name\": \"loose\xff\"}".to_vec()),
    )
    .await;
    let bad_name = service
        .post(
            "/execution",
            &json!({"name": "../etc", "callback_url": "ftp://x"}),
        )
        .await;

    assert_eq!(large.status, 413, "{large:?}");
    assert!(large.body.contains("1048576"), "{large:?}");
    assert_eq!(many.status, 422, "{many:?}");
    assert!(many.body.contains("has 10000 entries"), "{many:?}");
    assert_eq!(nul.status, 422, "{nul:?}");
    assert!(nul.body.contains("NUL"), "{nul:?}");
    assert_eq!(invalid.status, 400, "{invalid:?}");
    assert_eq!(bad_name.status, 422, "{bad_name:?}");
    assert_eq!(
        bad_name.json()["mistakes"].as_array().unwrap().len(),
        2,
        "{bad_name:?}"
    );
}
