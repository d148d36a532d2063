//! Without authentication, no web page but our own may use the service.

use proctor_testkit::Proctord;
use reqwest::Method;

use crate::support::{Service, send};

#[tokio::test]
async fn foreign_pages_and_hosts_are_refused_on_every_route() {
    let service = Service::start();
    let address = service.proctord.address().to_owned();

    for (name, value) in [
        ("Host", "evil.example"),
        ("Host", "localhost.evil.example"),
        ("Origin", "http://evil.example"),
        ("Origin", "http://127.0.0.1:1"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        for (method, path) in [
            (Method::GET, "/metadata"),
            (Method::POST, "/execution"),
            (Method::GET, "/execution/logs?context_id=1"),
            (Method::PUT, "/secret/a/B"),
            (Method::GET, "/nowhere"),
        ] {
            let answer = send(service.json(method, path).header(name, value)).await;
            assert_eq!(answer.status, 403, "{name}: {value} {path}: {answer:?}");
        }
    }
    let own_origin = format!("http://{address}");
    assert_eq!(
        send(
            service
                .json(Method::GET, "/metadata")
                .header("Origin", own_origin)
        )
        .await
        .status,
        200
    );
    assert_eq!(
        send(
            service
                .plain(Method::GET, "/ping")
                .header("Host", "evil.example")
        )
        .await
        .status,
        200
    );
}

#[tokio::test]
async fn a_websocket_handshake_of_a_foreign_page_is_refused() {
    let service = Service::start();

    let request = service
        .plain(Method::GET, "/execution/logs?context_id=1")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==");

    assert_eq!(
        send(
            request
                .try_clone()
                .unwrap()
                .header("Origin", "http://evil.example")
        )
        .await
        .status,
        403
    );
    assert_eq!(
        send(request.header("Sec-Fetch-Site", "cross-site"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn an_allowed_name_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let proctord = Proctord::at(&data)
        .env("PROCTOR_ALLOWED_HOSTS", "proctor.example.com")
        .start();
    let client = reqwest::Client::new();
    let get = |host: &'static str| {
        client
            .get(format!("http://{}/metadata", proctord.address()))
            .header("Host", host)
    };

    assert_eq!(send(get("proctor.example.com")).await.status, 200);
    assert_eq!(send(get("proctor.example.com:8080")).await.status, 200);
    assert_eq!(send(get("other.example.com")).await.status, 403);
}
