//! What the Go system's client sees: codes and texts of its contract, row by row. A row is cited as V2 § and what
//! it says there; where the design decides otherwise (D §8), that is cited.

use reqwest::Method;
use serde_json::json;

use crate::support::{Service, send};

const PARSE: &str = "Failed to parse request body from CLI";

struct Row {
    cited: &'static str,
    method: Method,
    path: &'static str,
    body: &'static str,
    status: u16,
    /// The whole text; with a `…` at its end, the beginning of it.
    text: &'static str,
}

fn row(
    cited: &'static str,
    asked: (Method, &'static str, &'static str),
    status: u16,
    text: &'static str,
) -> Row {
    let (method, path, body) = asked;
    Row {
        cited,
        method,
        path,
        body,
        status,
        text,
    }
}

fn rows() -> Vec<Row> {
    let get = |path| (Method::GET, path, "");
    let post = |path, body| (Method::POST, path, body);
    vec![
        row("§1.1 any /ping", get("/ping"), 200, "pong"),
        row("§1.1 any /ping", post("/ping", "x"), 200, "pong"),
        row("§1.1 any /ping", (Method::DELETE, "/ping", ""), 200, "pong"),
        row(
            "§1.1 wrong method",
            (Method::PUT, "/execution", ""),
            405,
            "the path does not take this method",
        ),
        row(
            "§1.1 unknown path",
            get("/jobs/execute"),
            404,
            "there is nothing at this path",
        ),
        row("§1.3 400", post("/execution", ""), 400, PARSE),
        row("§1.3 400", post("/execution", "{"), 400, PARSE),
        row("§1.3 400", post("/execution", "\"x\""), 400, PARSE),
        row(
            "§1.3 non-string arg",
            post("/execution", r#"{"name":"quick","args":{"A":1}}"#),
            400,
            PARSE,
        ),
        row(
            "§1.3 201",
            post(
                "/execution",
                r#"{"name":"quick","args":{"A":"1"},"callback_url":""}"#,
            ),
            201,
            "{…",
        ),
        row(
            "§1.3 args null",
            post("/execution", r#"{"name":"quick","args":null}"#),
            201,
            "{…",
        ),
        row(
            "§1.3 unknown fields",
            post("/execution", r#"{"name":"quick","colour":"red"}"#),
            201,
            "{…",
        ),
        row(
            "D §8 empty name",
            post("/execution", "{}"),
            400,
            "the request has mistakes\n- name …",
        ),
        row(
            "D §8 unknown proc",
            post("/execution", r#"{"name":"nosuch"}"#),
            404,
            "there is no proc nosuch",
        ),
        row(
            "D §8 missing secret",
            post("/execution", r#"{"name":"secretive"}"#),
            400,
            "the requirements of secretive are not met\n- secrets.KEY is not set",
        ),
        row(
            "§1.4 400",
            get("/execution/x/status"),
            400,
            "Failed to translate path parameter to uint64",
        ),
        row(
            "§1.4 400",
            get("/execution/-1/status"),
            400,
            "Failed to translate path parameter to uint64",
        ),
        row(
            "§1.4 400",
            get("/execution/+1/status"),
            400,
            "Failed to translate path parameter to uint64",
        ),
        row(
            "§1.4 400",
            get("/execution/18446744073709551616/status"),
            400,
            "Failed to translate path parameter to uint64",
        ),
        row(
            "§1.4 404",
            get("/execution/0/status"),
            404,
            "Execution context not Found",
        ),
        row(
            "§1.4 404",
            get("/execution/4711/status"),
            404,
            "Execution context not Found",
        ),
        row(
            "§1.4 404",
            get("/execution/18446744073709551615/status"),
            404,
            "Execution context not Found",
        ),
        row(
            "§1.5 upgrade failure",
            get("/execution/logs?context_id=1"),
            400,
            "WebSocket Initializer Error",
        ),
        row(
            "§1.6 POST 400",
            post("/metadata", "{"),
            400,
            "malformed request",
        ),
        row(
            "§1.6 POST 400",
            post("/metadata", r#"{"name":"x"}"#),
            400,
            "malformed request",
        ),
        row("§1.6 POST 201", post("/metadata", "[]"), 201, ""),
        row(
            "§1.6 POST 201",
            post("/metadata", r#"[{"name":"old","image_name":"i:1"}]"#),
            201,
            "",
        ),
        row("§1.6 GET 200", get("/metadata"), 200, "[…"),
        row("§1.7 400", post("/secret", "[1]"), 400, "malformed request"),
        row(
            "§1.7 400",
            post("/secret", r#"{"job_name":"x","secrets":{"A":1}}"#),
            400,
            "malformed request",
        ),
        row(
            "§1.7 201",
            post("/secret", r#"{"job_name":"x","secrets":{"A":"1"}}"#),
            201,
            "",
        ),
        row(
            "§1.7 201 without proc",
            post("/secret", r#"{"job_name":"nosuch","secrets":{}}"#),
            201,
            "",
        ),
        row("§1.7 201", post("/secret", r#"{"job_name":"x"}"#), 201, ""),
    ]
}

#[tokio::test]
async fn every_row_of_the_contract_is_answered_as_it_says() {
    let service = Service::start();
    service.publish("quick", "true", json!({})).await;
    let secrets = json!({"env_vars": {"secrets": [{"name": "KEY"}]}});
    service.publish("secretive", "true", secrets).await;

    for row in rows() {
        for accept in [None, Some("*/*"), Some("text/html, application/*")] {
            let request = service.plain(row.method.clone(), row.path).body(row.body);
            let request = match accept {
                Some(accept) => request.header("Accept", accept),
                None => request,
            };
            let answer = send(request).await;

            let told = format!(
                "{} {} {} {accept:?}: {answer:?}",
                row.cited, row.path, row.body
            );
            assert_eq!(answer.status, row.status, "{told}");
            match row.text.strip_suffix('…') {
                Some(beginning) => assert!(answer.body.starts_with(beginning), "{told}"),
                None => assert_eq!(answer.body, row.text, "{told}"),
            }
            let json = answer.body.starts_with(['[', '{']);
            let kind = match answer.body.as_str() {
                "" => "",
                _ if json => "application/json",
                _ => "text/plain; charset=utf-8",
            };
            assert_eq!(answer.content_type, kind, "{told}");
        }
    }
}

/// V2 §1.3 and §1.6: 500, without the cause; C14: an empty catalog is an empty list.
#[tokio::test]
async fn c14_an_empty_catalog_is_an_empty_list_and_a_broken_one_tells_nothing() {
    let service = Service::start();
    for name in ["say-hello", "count-down", "fail-on-purpose"] {
        let delete = service.plain(Method::DELETE, &format!("/metadata/{name}"));
        assert_eq!(send(delete).await.status, 204);
    }
    let empty = send(service.plain(Method::GET, "/metadata")).await;
    service
        .sql("catalog.db", "ALTER TABLE proc RENAME TO lost")
        .await;

    assert_eq!((empty.status.as_u16(), empty.body.as_str()), (200, "[]"));
    for (method, path, body) in [
        (Method::GET, "/metadata", ""),
        (
            Method::POST,
            "/metadata",
            r#"[{"name":"a","image_name":"i"}]"#,
        ),
        (Method::POST, "/execution", r#"{"name":"a"}"#),
    ] {
        let plain = send(service.plain(method.clone(), path).body(body)).await;
        let json = send(service.json(method, path).body(body)).await;
        assert_eq!(
            (plain.status.as_u16(), plain.body.as_str()),
            (500, "Something went wrong"),
            "{path}"
        );
        assert_eq!(json.status, 503, "{json:?}");
        for word in ["proc", "table", "sqlite", "lost", "catalog.db"] {
            let detail = json.json()["detail"].to_string();
            assert!(!detail.to_lowercase().contains(word), "{json:?}");
        }
        let id = json.json()["instance"].as_str().unwrap().to_owned();
        let log = service.proctord.log();
        assert_eq!(log.matches(&id).count(), 1, "logged once: {log}");
    }
}

/// C12: times were Go's zero, and without a zone; C11: ids lost digits in JSON.
#[tokio::test]
async fn c11_c12_ids_are_exact_and_times_are_real_in_the_first_answer() {
    let service = Service::start();
    service.publish("timed", "true", json!({})).await;

    let request = service.plain(Method::POST, "/execution");
    let answer = send(request.body(r#"{"name":"timed"}"#)).await.json();

    let now = jiff::Timestamp::now();
    for name in ["created_at", "updated_at"] {
        let text = answer[name].as_str().unwrap();
        assert!(text.ends_with('Z'), "{text}");
        let moment: jiff::Timestamp = text.parse().unwrap();
        assert!(now.duration_since(moment).as_secs() < 60, "{text}");
    }
    let id = answer["id"].as_u64().unwrap();
    assert_eq!(answer["id"].as_f64().unwrap() as u64, id);
    assert!(answer["name"].as_str().unwrap().starts_with("proctor-"));
}

/// C13: a proc without secrets could not run; C15: an unknown one was 500.
#[tokio::test]
async fn c13_c15_a_proc_without_secrets_runs_and_an_unknown_one_is_404() {
    let service = Service::start();
    service.publish("plain", "true", json!({})).await;

    let runs = service.execute("plain").await;
    let unknown = send(
        service
            .plain(Method::POST, "/execution")
            .body(r#"{"name":"nosuch"}"#),
    )
    .await;

    service.wait_for(&runs["id"], "SUCCEEDED").await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
}

/// S9: any name went into the environment.
#[tokio::test]
async fn s9_an_arg_cannot_change_how_the_command_is_found_or_linked() {
    let service = Service::start();
    service.publish("loose", "true", json!({})).await;

    for name in ["PATH", "LD_PRELOAD", "PROCTOR_X", "BASH_ENV", "A=B", ""] {
        let body = json!({"name": "loose", "args": {name: "x"}});
        let answer = service.post("/execution", &body).await;
        assert_eq!(answer.status, 422, "{name}: {answer:?}");
    }
}

/// S10: error texts repeated the args.
#[tokio::test]
async fn s10_no_error_and_no_log_line_repeats_the_value_of_an_arg() {
    let service = Service::start();
    let choice = json!({"name": "A", "type": "integer"});
    let document = json!({"env_vars": {"args": [choice]}});
    service.publish("typed", "true", document).await;

    let body = json!({"name": "typed", "args": {"A": "canary-5d1c"}});
    let answer = service.post("/execution", &body).await;

    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(!service.proctord.log().contains("canary-5d1c"));
}

/// V2 §1.3: 500 `Failed to execute Job, Errors Detail <err>`, and D §8: without the args.
#[tokio::test]
async fn a_launch_that_the_runner_refuses_is_told_with_its_reason_and_without_args() {
    let service = Service::start();
    let mut bundle = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(0);
    bundle.append_data(&mut header, "empty", &b""[..]).unwrap();
    let bundle = bundle.into_inner().unwrap();
    let digest = proctord::bundle::digest(&bundle);
    let put = service.json(Method::PUT, &format!("/bundle/{digest}"));
    assert_eq!(send(put.body(bundle)).await.status, 201);
    let document = json!({"bundle": digest});
    service.publish("hollow", "true", document).await;
    service.sql("catalog.db", "DELETE FROM bundle").await;

    let body = json!({"name": "hollow", "args": {"A": "canary-91e0"}});
    let plain = service.plain(Method::POST, "/execution");
    let plain = send(plain.body(body.to_string())).await;
    let json = service.post("/execution", &body).await;

    assert_eq!(plain.status, 500, "{plain:?}");
    let beginning = "Failed to execute Job, Errors Detail ";
    assert!(plain.body.starts_with(beginning), "{plain:?}");
    assert!(plain.body.len() > beginning.len(), "{plain:?}");
    assert_eq!(json.status, 500, "{json:?}");
    assert_eq!(json.json()["type"], "/problems/creation-failed");
    for answer in [&plain, &json] {
        assert!(!answer.body.contains("canary-91e0"), "{answer:?}");
    }
}
