//! One websocket connection to a log, by the sub-protocol `proctor.logs.v3`. Turns what comes into bytes,
//! events and interruptions; knows nothing of what came before.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use proctor_api::{LOG_SUBPROTOCOL, LogEvent};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{ProtocolError, UrlError};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, Response, StatusCode};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use crate::client::Client;
use crate::client::error::ClientError;
use crate::config::Settings;
use crate::follow::{FollowError, Interruption};

/// The largest message that is taken.
const MESSAGE_LIMIT_BYTES: usize = 256 * 1024 * 1024;
/// A silent log is asked for a sign of life this often, which also keeps proxies from cutting it.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A connection without any sign of life for so long is dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(70);

/// What a log connection brings.
#[derive(Debug)]
pub enum Incoming {
    /// A binary frame: offset and bytes.
    Bytes(Bytes),
    Event(LogEvent),
}

/// An open connection to a log.
#[derive(Debug)]
pub struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    settings: Settings,
    heard: Instant,
}

impl Connection {
    /// Opens the log of an execution at an offset.
    pub async fn open(client: &Client, id: u64, offset: u64) -> Result<Self, Interruption> {
        let settings = client.settings();
        let request = upgrade_request(client, id, offset)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_LIMIT_BYTES))
            .max_frame_size(Some(MESSAGE_LIMIT_BYTES));
        // Without TLS it is not asked for anything: the address says what is spoken.
        let connector = if settings.host.speaks_tls() {
            Connector::Rustls(client.tls())
        } else {
            Connector::Plain
        };
        let dial = connect_async_tls_with_config(request, Some(config), true, Some(connector));
        match timeout(settings.timeout, dial).await {
            Ok(Ok((socket, _))) => Ok(Self {
                socket,
                settings: settings.clone(),
                heard: Instant::now(),
            }),
            Ok(Err(WsError::Http(answer))) if lacks_its_reason(&answer) => {
                Err(refusal(client, id, answer.status().as_u16()).await)
            }
            Ok(Err(error)) => Err(dial_interruption(settings, error)),
            Err(_) => Err(Interruption::Cut(ClientError::Timeout {
                cause: format!("{} did not open the log in time", settings.host),
            })),
        }
    }

    /// The next bytes or event.
    pub async fn next(&mut self) -> Result<Incoming, Interruption> {
        loop {
            let message = match timeout(PING_EVERY, self.socket.next()).await {
                Ok(Some(message)) => message.map_err(|error| self.cut(&error))?,
                Ok(None) => return Err(self.cut(&WsError::ConnectionClosed)),
                Err(_) => {
                    self.ping().await?;
                    continue;
                }
            };
            self.heard = Instant::now();
            match message {
                Message::Binary(frame) => return Ok(Incoming::Bytes(frame)),
                Message::Text(text) => {
                    if let Some(event) = event(&text)? {
                        return Ok(Incoming::Event(event));
                    }
                }
                Message::Close(frame) => return Err(self.closed(frame)),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Says good-bye, without insisting that it is heard.
    pub async fn leave(mut self) {
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }

    async fn ping(&mut self) -> Result<(), Interruption> {
        if self.heard.elapsed() > SILENCE_LIMIT {
            return Err(Interruption::Cut(ClientError::Timeout {
                cause: format!("{} gave no sign of life", self.settings.host),
            }));
        }
        let ping = self.socket.send(Message::Ping(Bytes::new()));
        match timeout(self.settings.timeout, ping).await {
            Ok(Err(error)) => Err(self.cut(&error)),
            // A full pipe is judged by the silence that follows.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn cut(&self, error: &WsError) -> Interruption {
        Interruption::Cut(ClientError::network(&self.settings, error))
    }

    /// A reason tells why there is no end, unless it only says that this server is going away.
    fn closed(&self, frame: Option<CloseFrame>) -> Interruption {
        match frame {
            Some(frame)
                if !frame.reason.is_empty()
                    && !matches!(
                        frame.code,
                        CloseCode::Away | CloseCode::Restart | CloseCode::Again
                    ) =>
            {
                Interruption::Fatal(FollowError::Closed(frame.reason.to_string()))
            }
            _ => self.cut(&WsError::ConnectionClosed),
        }
    }
}

fn upgrade_request(client: &Client, id: u64, offset: u64) -> Result<Request<()>, Interruption> {
    let settings = client.settings();
    let query = format!("context_id={id}&offset={offset}");
    let failed = |error: WsError| ClientError::network(settings, &error);
    let mut request = settings
        .host
        .websocket_url(&["execution", "logs"], &query)
        .into_client_request()
        .map_err(failed)?;
    let headers = request.headers_mut();
    for (name, value) in client.headers() {
        let value = HeaderValue::from_str(&value)
            .map_err(|error| ClientError::network(settings, &error))?;
        headers.insert(name, value);
    }
    headers.insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static(LOG_SUBPROTOCOL),
    );
    Ok(request)
}

/// Whether an upgrade was refused by words that have not come along: only what arrives together with the
/// answer's head is there.
fn lacks_its_reason(answer: &Response<Option<Vec<u8>>>) -> bool {
    let is_there = answer.body().as_ref().is_some_and(|body| !body.is_empty());
    answer.status().is_client_error() && answer.status() != StatusCode::UNAUTHORIZED && !is_there
}

/// A refusal with its words: a plain question about the execution is refused for the same reason.
async fn refusal(client: &Client, id: u64, status: u16) -> Interruption {
    match client.execution(id).await {
        Err(ClientError::Answer(problem)) if problem.status == status => {
            ClientError::Answer(problem).into()
        }
        Err(ClientError::Forbidden(problem)) if problem.status == status => {
            ClientError::Forbidden(problem).into()
        }
        _ => ClientError::of_answer(client.settings(), status, b"").into(),
    }
}

/// Whether it helps to dial again.
fn dial_interruption(settings: &Settings, error: WsError) -> Interruption {
    match error {
        WsError::Http(answer) => {
            let status = answer.status().as_u16();
            let body = answer.body().as_deref().unwrap_or_default();
            let error = ClientError::of_answer(settings, status, body);
            if status >= 500 {
                Interruption::Cut(error)
            } else {
                error.into()
            }
        }
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => {
            Interruption::Cut(ClientError::network(settings, &error))
        }
        WsError::Protocol(_) | WsError::Url(UrlError::UnsupportedUrlScheme) => {
            ClientError::Unreadable {
                host: settings.host.to_string(),
                cause: error.to_string(),
            }
            .into()
        }
        error => match ClientError::network(settings, &error) {
            refused @ ClientError::Tls { .. } => refused.into(),
            error => Interruption::Cut(error),
        },
    }
}

/// The event of a text frame; `None` for one of a kind that only later versions know.
fn event(text: &str) -> Result<Option<LogEvent>, Interruption> {
    let known = |kind: &str| matches!(kind, "attempt" | "gap" | "end");
    let parsed = serde_json::from_str::<Value>(text).and_then(|value| {
        match value.get("event").and_then(Value::as_str) {
            Some(kind) if !known(kind) => Ok(None),
            _ => serde_json::from_value(value).map(Some),
        }
    });
    parsed.map_err(|error| FollowError::Protocol(format!("an event that is none: {error}")).into())
}
