//! One follower by websocket, which holds every frame against the one before.

use std::time::{SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use proctor_api::{LogEnd, LogEvent, LogEventKind, decode_frame};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// What a follower has when the log has ended.
#[derive(Debug)]
pub struct Followed {
    pub bytes: Vec<u8>,
    pub end: LogEnd,
    /// How many milliseconds after it was written each line came.
    delays: Vec<f64>,
}

impl Followed {
    /// In words.
    pub fn latency(&self) -> String {
        let mut delays = self.delays.clone();
        delays.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| delays[(delays.len() * percent / 100).min(delays.len() - 1)];
        format!(
            "a line came p50 {:.0} ms, p99 {:.0} ms after it was written",
            at(50),
            at(99)
        )
    }
}

/// Follows a log of lines that end with the moment when they were written, to its end; `seen` is told how many
/// there are. The error is how the connection broke off.
pub async fn follow(address: &str, id: u64, seen: impl Fn(usize)) -> Result<Followed, String> {
    let url = format!("ws://{address}/execution/logs?context_id={id}");
    let mut request = url.into_client_request().unwrap();
    let protocol = HeaderValue::from_static("proctor.logs.v3");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", protocol);
    let (mut socket, _) = connect_async(request).await.unwrap();
    let (mut bytes, mut delays) = (Vec::new(), Vec::new());
    let mut whole = 0;
    while let Some(frame) = socket.next().await {
        match frame.map_err(|error| error.to_string())? {
            Message::Binary(frame) => {
                let (offset, piece) = decode_frame(&frame).unwrap();
                assert_eq!(offset, bytes.len() as u64, "a byte is skipped or doubled");
                bytes.extend_from_slice(piece);
                // The last line may be yet to be completed.
                let lines = bytes.iter().rposition(|byte| *byte == b'\n');
                let lines = lines.map_or(0, |end| end + 1);
                delays.extend(written_at(&bytes[whole..lines]).map(|at| (now() - at) / 1e6));
                whole = lines;
                seen(delays.len());
            }
            Message::Text(text) => {
                let event: LogEvent = serde_json::from_str(&text).unwrap();
                match event.kind {
                    LogEventKind::End(end) => return Ok(Followed { bytes, end, delays }),
                    other => panic!("nothing is missing and nothing was retried: {other:?}"),
                }
            }
            Message::Ping(payload) => socket.send(Message::Pong(payload)).await.unwrap(),
            _ => {}
        }
    }
    Err(format!("it ended at {} bytes", bytes.len()))
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as f64
}

/// When these lines were written, as they say themselves.
fn written_at(lines: &[u8]) -> impl Iterator<Item = f64> {
    let lines = lines.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let text = std::str::from_utf8(line).ok()?;
        text.split_once(' ')?.1.parse().ok()
    })
}
