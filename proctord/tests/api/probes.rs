use reqwest::Method;
use serde_json::json;

use crate::support::{Service, send};

#[tokio::test]
async fn a_service_that_works_is_alive_and_ready() {
    let service = Service::start();

    for (path, text) in [("/healthz", "alive"), ("/readyz", "ready")] {
        let request = service.plain(Method::GET, path);
        let answer = send(request.header("Host", "10.1.2.3:8080")).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, text));
    }
}

#[tokio::test]
async fn what_is_not_ready_is_named_and_nothing_more_is_told() {
    for (file, statement, name) in [
        ("catalog.db", "ALTER TABLE proc RENAME TO lost", "catalog"),
        (
            "proctor.db",
            "ALTER TABLE installation RENAME TO lost",
            "store",
        ),
    ] {
        let service = Service::start();
        service.sql(file, statement).await;

        let plain = send(service.plain(Method::GET, "/readyz")).await;
        let json = service.get("/readyz").await;
        let alive = service.get("/healthz").await;

        let text = format!("not ready: {name} is not available");
        assert_eq!((plain.status.as_u16(), &plain.body), (503, &text));
        assert_eq!(json.status, 503);
        assert_eq!(json.json()["detail"], text);
        assert_eq!(alive.status, 200);
    }
}

#[tokio::test]
async fn metrics_count_tries_requests_and_what_is_stored_under_few_labels() {
    let service = Service::start();
    service.publish("counted", "true", json!({})).await;
    for _ in 0..2 {
        let id = service.execute("counted").await["id"].clone();
        service.wait_for(&id, "SUCCEEDED").await;
    }
    service.post("/execution", &json!({"name": "nosuch"})).await;
    service.get("/never/heard/of").await;
    let brew = Method::from_bytes(b"BREW").unwrap();
    send(service.plain(brew, "/metadata")).await;

    let answer = send(service.plain(Method::GET, "/metrics")).await;

    assert_eq!(answer.status, 200);
    for line in [
        "execution_total 3",
        "proctor_executions{status=\"SUCCEEDED\"} 2",
        "proctor_executions{status=\"REQUIREMENT_NOT_MET\"} 1",
        "proctor_executions_live 0",
        "proctor_http_request_duration_seconds_count{method=\"POST\",route=\"/execution\",status=\"2xx\"} 2",
        "proctor_http_request_duration_seconds_count{method=\"POST\",route=\"/execution\",status=\"4xx\"} 1",
        "proctor_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"4xx\"} 1",
        "proctor_http_request_duration_seconds_count{method=\"other\",route=\"/metadata\",status=\"4xx\"} 1",
    ] {
        assert!(
            answer.body.lines().any(|found| found == line),
            "{line}: {}",
            answer.body
        );
    }
    for word in ["counted", "nosuch", "never", "BREW"] {
        assert!(!answer.body.contains(word), "{word}: {}", answer.body);
    }
}
