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
        (Method::POST, "/metadata/x", 405),
        (Method::GET, "/execution/x/status", 400),
        (Method::GET, "/execution/0/status", 404),
        (Method::GET, "/execution/18446744073709551616/status", 400),
        (Method::GET, "/execution/4711/status", 404),
        (Method::GET, "/execution?limit=0", 422),
        (Method::GET, "/execution?limit=501", 422),
        (Method::DELETE, "/metadata/x?secrets=perhaps", 400),
        (Method::DELETE, "/metadata/x?secret=true", 400),
        (Method::GET, "/metadata/%ff%fe", 404),
        (Method::GET, "/execution/%ff/status", 400),
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

#[tokio::test]
async fn other_methods_are_told_which_there_are_and_head_is_get_without_its_body() {
    let service = Service::start();
    let ask = async |method, path| send(service.json(method, path)).await;

    let options = ask(Method::OPTIONS, "/metadata").await;
    let wrong = ask(Method::PATCH, "/secret/x/KEY").await;
    let head = ask(Method::HEAD, "/metadata").await;
    let get = ask(Method::GET, "/metadata").await;
    let no_head = ask(Method::HEAD, "/secret").await;

    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), "GET, HEAD, POST, OPTIONS");
    assert_eq!(options.header("access-control-allow-origin"), "");
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.header("allow"), "PUT, DELETE, OPTIONS");
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert_eq!(
        head.header("content-length"),
        get.body.len().to_string(),
        "{head:?}"
    );
    assert_eq!(no_head.status, 405);
}

#[tokio::test]
async fn a_path_is_what_it_is_and_nothing_like_it() {
    let service = Service::start();

    for path in [
        "/metadata/",
        "//metadata",
        "/metadata/say-hello/",
        "/Metadata",
        "/ping/",
        "/execution/1/status/",
        "/docs/config.yaml",
        "/docs/..%2fCargo.toml",
        "/",
    ] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn json_that_readers_would_disagree_about_is_refused() {
    let service = Service::start();
    let deep = "[".repeat(100_000);

    for (path, body, word) in [
        ("/execution", r#"{"name": "a", "name": "b"}"#, "twice"),
        (
            "/execution",
            r#"{"name": "a", "args": {"X": "1", "X": "2"}}"#,
            "\"X\" is there twice",
        ),
        ("/metadata", r#"[{"name": "a", "name": "b"}]"#, "twice"),
        ("/metadata", &deep, "recursion limit"),
        ("/metadata", r#"[{"name": "a"}] [] "#, "trailing"),
        (
            "/execution",
            r#"{"name": "a", "args": {"X": 1e999}}"#,
            "out of range",
        ),
        (
            "/execution",
            r#"{"name": "a", "args": {"X": 123456789012345678901234567890}}"#,
            "expected a string",
        ),
        ("/secret", r#"{"job_name": "a", "job_name": "b"}"#, "line 1"),
    ] {
        let answer = send(service.json(Method::POST, path).body(body.to_owned())).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(word),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let service = Service::start();

    for path in ["/ping", "/metadata", "/nowhere", "/secret/say-hello"] {
        let answer = service.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_list_in_the_place_of_an_object_is_refused_and_changes_nothing() {
    let service = Service::start();
    service.publish("endless", "sleep 600", json!({})).await;
    let id = service.execute("endless").await["id"].clone();
    service.wait_for(&id, "RUNNING").await;

    for (method, path, body) in [
        (Method::POST, format!("/execution/{id}/stop"), json!([1])),
        (Method::POST, format!("/execution/{id}/stop"), json!([])),
        (Method::POST, "/execution".into(), json!(["endless"])),
        (
            Method::POST,
            "/secret".into(),
            json!(["endless", {"KEY": "a value"}]),
        ),
        (
            Method::PUT,
            "/secret/endless/KEY".into(),
            json!(["a value"]),
        ),
    ] {
        let answer = send(service.json(method, &path).json(&body)).await;
        assert_eq!(answer.status, 400, "{path} {body}: {answer:?}");
    }
    let execution = service.get(&format!("/execution/{id}")).await.json();
    assert_eq!(execution["status"], "RUNNING", "{execution}");
    assert_eq!(execution.get("stop_requested"), None, "{execution}");
    assert_eq!(
        service.get("/secret/endless").await.json()["names"],
        json!([])
    );
}
