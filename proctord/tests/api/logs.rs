//! The log websocket in both protocols.

use futures::{SinkExt, StreamExt};
use proctor_api::{LogEvent, LogEventKind, decode_frame};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::Service;

/// Everything that a websocket says: frames, then the close reason.
async fn listen(service: &Service, query: &str, v3: bool) -> (Vec<Message>, String) {
    let url = format!("ws://{}/execution/logs?{query}", service.proctord.address());
    let mut request = url.into_client_request().unwrap();
    if v3 {
        let protocol = HeaderValue::from_static("proctor.logs.v3");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
    }
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut frames = Vec::new();
    while let Some(Ok(frame)) = socket.next().await {
        match frame {
            Message::Close(reason) => {
                let reason = reason.expect("a close has a reason");
                assert_eq!(u16::from(reason.code), 1000);
                return (frames, reason.reason.to_string());
            }
            Message::Ping(payload) => socket.send(Message::Pong(payload)).await.unwrap(),
            other => frames.push(other),
        }
    }
    panic!("the websocket ended without a close frame after {frames:?}");
}

fn texts(frames: &[Message]) -> Vec<String> {
    frames
        .iter()
        .map(|frame| frame.to_text().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_go_systems_client_gets_a_text_frame_per_line_live_and_replayed() {
    let service = Service::start();
    let gate = service.folder.path().join("gate");
    let line = format!(
        "printf 'one\\n\\ntw\\377o\\n'; while [ ! -e {} ]; do sleep 0.05; done; printf last",
        gate.display()
    );
    service.publish("lines", &line, json!({})).await;
    let id = service.execute("lines").await["id"].clone();

    let live = async {
        std::fs::write(&gate, "").unwrap();
        listen(&service, &format!("context_id={id}"), false).await
    }
    .await;
    service.wait_for(&id, "SUCCEEDED").await;
    let replayed = listen(&service, &format!("context_id={id}"), false).await;

    assert_eq!(texts(&live.0), ["one", "", "tw\u{fffd}o", "last"]);
    assert!(
        live.1.starts_with("Finished Streaming log from "),
        "{}",
        live.1
    );
    assert_eq!(texts(&replayed.0), ["one", "", "tw\u{fffd}o", "last"]);
    assert_eq!(replayed.1, "Finished Streaming log from repository");
}

#[tokio::test]
async fn what_cannot_be_followed_is_closed_with_the_go_systems_reasons() {
    let service = Service::start();

    for query in ["", "context_id=", "context_id=x", "context_id=-1", "id=1"] {
        let (frames, reason) = listen(&service, query, false).await;
        assert_eq!(
            reason, "No valid execution context id provided when fetching logs",
            "{query}"
        );
        assert!(frames.is_empty());
    }
    let (_, reason) = listen(&service, "context_id=4711", true).await;
    assert_eq!(reason, "No execution context found with id 4711");
}

#[tokio::test]
async fn our_protocol_resumes_at_any_offset_and_ends_with_one_end_event() {
    let service = Service::start();
    service
        .publish(
            "bytes",
            "printf '0123456789'; exit 7",
            json!({"retries": 0}),
        )
        .await;
    let id = service.execute("bytes").await["id"].clone();

    for offset in [0, 4, 10] {
        let (frames, _) = listen(&service, &format!("context_id={id}&offset={offset}"), true).await;
        let mut next = offset;
        let mut bytes = Vec::new();
        let mut events = Vec::new();
        for frame in frames {
            match frame {
                Message::Binary(frame) => {
                    let (at, content) = decode_frame(&frame).unwrap();
                    assert_eq!(at, next, "frames follow each other");
                    next += content.len() as u64;
                    bytes.extend_from_slice(content);
                }
                Message::Text(text) => {
                    events.push(serde_json::from_str::<LogEvent>(&text).unwrap())
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(bytes, b"0123456789"[usize::try_from(offset).unwrap()..]);
        assert_eq!(events.len(), 1, "{events:?}");
        let LogEventKind::End(end) = &events[0].kind else {
            panic!("{events:?}")
        };
        assert_eq!(
            (end.exit_code, end.bytes, end.log_complete),
            (Some(7), 10, true)
        );
    }
}

#[tokio::test]
async fn a_refused_execution_has_an_empty_log_that_ends() {
    let service = Service::start();
    let refused = service
        .post("/execution", &json!({"name": "nosuch"}))
        .await
        .json();

    let id = refused["execution_id"].clone();
    let (frames, _) = listen(&service, &format!("context_id={id}"), true).await;

    let events: Vec<LogEvent> = texts(&frames)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let [
        LogEvent {
            kind: LogEventKind::End(end),
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(end.status.as_str(), "REQUIREMENT_NOT_MET");
    assert!(
        end.reason
            .as_deref()
            .is_some_and(|reason| reason.contains("nosuch")),
        "{end:?}"
    );
}

#[tokio::test]
async fn the_log_of_what_was_lost_is_not_called_complete() {
    let service = Service::start();
    service
        .publish("orphan", "kill -9 $PPID; sleep 60", json!({}))
        .await;
    let id = service.execute("orphan").await["id"].clone();
    service.wait_for(&id, "LOST").await;

    let (frames, _) = listen(&service, &format!("context_id={id}"), true).await;

    let last: LogEvent = serde_json::from_str(texts(&frames).last().unwrap()).unwrap();
    let LogEventKind::End(end) = last.kind else {
        panic!("{last:?}")
    };
    assert!(!end.log_complete, "{end:?}");
}
