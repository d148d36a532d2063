//! Everything that comes in is bounded.

use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Service, send};

async fn connect(service: &Service, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.proctord.address())
        .await
        .unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn told(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // The service may cut the connection with what it had not read.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn s13_a_url_and_headers_have_a_limit() {
    let service = Service::start();
    let get = |path: &str| service.json(Method::GET, path);

    let long = send(get(&format!("/execution?user={}", "x".repeat(9000)))).await;
    let mut request = get("/metadata");
    for number in 0..70 {
        request = request.header(format!("X-{number}"), "");
    }
    let many = send(request).await;
    let large = send(get("/metadata").header("X-Large", "x".repeat(33_000))).await;
    let fits = send(get("/metadata").header("X-Large", "x".repeat(30_000))).await;

    assert_eq!(long.status, 414, "{long:?}");
    assert_eq!(long.json()["type"], "/problems/long-url");
    assert_eq!(many.status, 431, "{many:?}");
    assert_eq!(large.status, 431, "{large:?}");
    assert_eq!(large.content_type, "application/problem+json");
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn s13_a_head_without_end_is_cut_off() {
    let service = Service::start();
    let head = format!("GET /ping HTTP/1.1\r\nX: {}", "x".repeat(1 << 20));
    let mut stream = TcpStream::connect(service.proctord.address())
        .await
        .unwrap();

    // It is cut off before it has said everything.
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = told(stream).await;

    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    assert_eq!(service.get("/ping").await.status, 200);
}

#[tokio::test]
async fn s13_a_body_has_a_limit_whether_or_not_it_tells_its_length() {
    let service = Service::start();
    let large = json!([{"name": "x".repeat(2 << 20)}]).to_string();
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(large.clone())]);

    let told = send(service.json(Method::POST, "/metadata").body(large)).await;
    let untold = service.json(Method::POST, "/metadata");
    let untold = send(untold.body(reqwest::Body::wrap_stream(chunks))).await;

    assert_eq!((told.status.as_u16(), untold.status.as_u16()), (413, 413));
}

#[tokio::test]
async fn s13_who_sends_slowly_is_not_waited_for() {
    let service = Service::with(&[
        ("PROCTOR_HEAD_TIMEOUT", "200ms"),
        ("PROCTOR_BODY_TIMEOUT", "200ms"),
    ]);
    let head = connect(
        &service,
        "GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    )
    .await;
    let body = connect(
        &service,
        "POST /execution HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Length: 9\r\n\r\n{",
    )
    .await;

    let (head, body) = tokio::join!(told(head), told(body));

    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    assert!(body.contains("/problems/too-slow"), "{body}");
}

#[tokio::test]
async fn s13_connections_are_counted_and_more_wait_for_their_turn() {
    let service = Service::with(&[("PROCTOR_MAX_CONNECTIONS", "2")]);
    let ping = "GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    // One byte each keeps them open, and an answer shows that they are taken.
    let mut first = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&service, ping).await;
        stream.read_exact(&mut [0; 12]).await.unwrap();
        stream.write_all(b"G").await.unwrap();
        first.push(stream);
    }
    let mut third = connect(&service, ping).await;

    let early = tokio::time::timeout(std::time::Duration::from_millis(300), third.readable()).await;
    drop(first);
    let mut answer = [0; 12];
    wait_for_async("the third connection to be served", async || {
        let read = third.read_exact(&mut answer);
        match tokio::time::timeout(std::time::Duration::from_secs(5), read).await {
            Ok(Ok(_)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;

    assert!(early.is_err(), "it was served while two others were open");
    assert_eq!(&answer, b"HTTP/1.1 200");
}
