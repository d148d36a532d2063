//! `GET /execution/{id}/logs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Service, send};

/// An execution that has ended and wrote this.
async fn written(service: &Service, line: &str) -> Value {
    service.publish("writer", line, json!({})).await;
    let id = service.execute("writer").await["id"].clone();
    service.wait_for(&id, "SUCCEEDED").await;
    // Its last byte may come after its status: following tells when the log is closed.
    service
        .get(&format!("/execution/{id}/logs?follow=true"))
        .await;
    id
}

#[tokio::test]
async fn a_log_is_raw_bytes_from_an_offset_or_the_last_lines() {
    let service = Service::start();
    let id = written(&service, "printf 'one\\ntwo\\n\\377three'").await;

    for (query, offset, bytes) in [
        ("", "0", b"one\ntwo\n\xffthree".as_slice()),
        ("?follow=true", "0", b"one\ntwo\n\xffthree"),
        ("?offset=4", "4", b"two\n\xffthree"),
        ("?tail=1", "8", b"\xffthree"),
        ("?tail=2", "4", b"two\n\xffthree"),
        ("?tail=9", "0", b"one\ntwo\n\xffthree"),
        ("?tail=2&offset=6", "6", b"o\n\xffthree"),
        ("?tail=0", "14", b""),
        ("?offset=99", "14", b""),
        ("?offset=99&follow=true", "14", b""),
    ] {
        let request = service.plain(Method::GET, &format!("/execution/{id}/logs{query}"));
        let response = request
            .header("Accept", "application/json")
            .send()
            .await
            .unwrap();

        assert_eq!(response.status(), 200, "{query}");
        let headers = response.headers();
        assert_eq!(
            headers["content-type"], "application/octet-stream",
            "{query}"
        );
        assert_eq!(headers["proctor-log-offset"], offset, "{query}");
        assert_eq!(response.bytes().await.unwrap(), bytes, "{query}");
    }
}

#[tokio::test]
async fn lines_of_json_carry_bytes_and_events() {
    let service = Service::start();
    let id = written(&service, "printf 'any\\377'").await;

    let request = service.plain(Method::GET, &format!("/execution/{id}/logs?offset=1"));
    let answer = send(request.header("Accept", "application/x-ndjson")).await;

    assert_eq!(answer.content_type, "application/x-ndjson");
    let lines: Vec<Value> = answer
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (end, bytes) = lines.split_last().unwrap();
    let mut read = Vec::new();
    for line in bytes {
        assert_eq!(line["offset"], 1 + read.len());
        read.extend(STANDARD.decode(line["bytes"].as_str().unwrap()).unwrap());
    }
    assert_eq!(read, b"ny\xff");
    assert_eq!((&end["event"], &end["bytes"]), (&json!("end"), &json!(4)));
}

#[tokio::test]
async fn following_goes_on_to_the_end_and_not_following_stops_at_once() {
    let service = Service::start();
    let gate = service.folder.path().join("gate");
    let line = format!(
        "echo begun; while [ ! -e {} ]; do sleep 0.05; done; echo done",
        gate.display()
    );
    service.publish("gated", &line, json!({})).await;
    let id = service.execute("gated").await["id"].clone();
    proctor_testkit::wait_for_async("the first line", async || {
        let body = service.get(&format!("/execution/{id}/logs")).await.body;
        if body == "begun\n" { Ok(()) } else { Err(body) }
    })
    .await;
    let path = format!("/execution/{id}/logs?follow=true&tail=0");
    let mut following = service.plain(Method::GET, &path).send().await.unwrap();
    let offset = following.headers()["proctor-log-offset"].clone();

    std::fs::write(&gate, "").unwrap();
    let mut body = Vec::new();
    while let Some(bytes) = following.chunk().await.unwrap() {
        body.extend(bytes);
    }

    assert_eq!(
        (offset.to_str().unwrap(), body.as_slice()),
        ("6", b"done\n".as_slice())
    );
}

#[tokio::test]
async fn mistakes_are_told_all_at_once_and_unknown_executions_are_not_found() {
    let service = Service::start();

    let wrong = service
        .get("/execution/1/logs?offset=x&tail=-1&follow=1&colour=red")
        .await;
    let unknown = service.get("/execution/4711/logs").await;
    let bad = service.get("/execution/x/logs").await;

    assert_eq!(wrong.status, 422, "{wrong:?}");
    assert_eq!(
        wrong.json()["mistakes"].as_array().unwrap().len(),
        4,
        "{wrong:?}"
    );
    assert_eq!((unknown.status.as_u16(), bad.status.as_u16()), (404, 400));
}
