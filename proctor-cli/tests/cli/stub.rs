//! A server of a few lines that answers as a test tells it to and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::wire;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// How many requests of this method and path came before.
    pub before: usize,
}

impl Request {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request has a JSON body")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
            .unwrap_or_default()
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    /// The connection is closed instead.
    Drop,
    /// Nothing comes, ever.
    Hang,
    /// A log by websocket.
    Log(Vec<Step>),
}

/// What happens on a log's connection.
#[derive(Debug, Clone)]
pub enum Step {
    Bytes(u64, Vec<u8>),
    Event(Value),
    Close(u16, &'static str),
    /// The connection ends without a word.
    Cut,
    /// Frames without end, until nobody takes them.
    Flood,
    /// Nothing, until this path was asked for.
    UntilAsked(&'static str),
    /// Nothing, until this path was asked for so often.
    UntilAskedTimes(usize, &'static str),
    /// Nothing more, until the client leaves.
    Hold,
}

/// The server.
pub struct Stub {
    pub address: SocketAddr,
    requests: Requests,
    /// Ends with the stub.
    server: JoinSet<()>,
}

type Requests = Arc<watch::Sender<Vec<Request>>>;
type Script = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

impl Stub {
    /// Answers every request by the script.
    pub async fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stub = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::new(watch::Sender::new(Vec::new())),
            server: JoinSet::new(),
        };
        let requests = Arc::clone(&stub.requests);
        let script: Script = Arc::new(script);
        stub.server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&script), Arc::clone(&requests)));
            }
        });
        stub
    }

    /// Answers every execution with this log, connection by connection; the last one repeats.
    pub async fn with_logs(logs: Vec<Vec<Step>>) -> Self {
        Self::start(move |request| match request.path() {
            "/execution" => Reply::Json(201, wire::execution("CREATED")),
            "/execution/logs" => Reply::Log(logs[request.before.min(logs.len() - 1)].clone()),
            _ => Reply::Text(404, "no such route"),
        })
        .await
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// Asks for a path, as a client would.
    pub async fn ask(&self, path: &str) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_u8().await.unwrap();
    }
}

async fn serve(mut stream: TcpStream, script: Script, requests: Requests) {
    while let Some(mut request) = read_request(&mut stream).await {
        requests.send_modify(|requests| {
            let same =
                |other: &&Request| other.method == request.method && other.path() == request.path();
            request.before = requests.iter().filter(same).count();
            requests.push(request.clone());
        });
        match script(&request) {
            Reply::Json(status, body) => {
                let kind = if status < 400 { "json" } else { "problem+json" };
                answer(&mut stream, status, kind, &body.to_string()).await;
            }
            Reply::Text(status, body) => answer(&mut stream, status, "plain", body).await,
            Reply::Drop => return,
            Reply::Hang => std::future::pending().await,
            Reply::Log(steps) => return play(stream, &request, steps, &requests).await,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let text = String::from_utf8(head).unwrap();
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request {
        method,
        target,
        headers,
        body,
        before: 0,
    })
}

async fn answer(stream: &mut TcpStream, status: u16, kind: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/{kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}

async fn play(mut stream: TcpStream, request: &Request, steps: Vec<Step>, requests: &Requests) {
    assert_eq!(request.header("Sec-WebSocket-Protocol"), "proctor.logs.v3");
    let accept = derive_accept_key(request.header("Sec-WebSocket-Key").as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: proctor.logs.v3\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    for step in steps {
        match step {
            Step::Bytes(offset, bytes) => {
                let frame = proctor_api::encode_frame(offset, &bytes);
                let _ = socket.send(Message::binary(frame)).await;
            }
            Step::Event(event) => {
                let _ = socket.send(Message::text(event.to_string())).await;
            }
            Step::Close(code, reason) => {
                let frame = CloseFrame {
                    code: CloseCode::from(code),
                    reason: Utf8Bytes::from_static(reason),
                };
                let _ = socket.close(Some(frame)).await;
            }
            Step::UntilAsked(path) => until_asked(1, path, requests).await,
            Step::UntilAskedTimes(times, path) => until_asked(times, path, requests).await,
            Step::Cut => return,
            Step::Flood => flood(&mut socket).await,
            Step::Hold => break,
        }
    }
    while let Some(Ok(_)) = socket.next().await {}
}

async fn until_asked(times: usize, path: &str, requests: &Requests) {
    let asked = |all: &Vec<Request>| all.iter().filter(|one| one.path() == path).count() >= times;
    let _ = requests.subscribe().wait_for(asked).await;
}

async fn flood(socket: &mut WebSocketStream<TcpStream>) {
    let mut offset = 0;
    loop {
        let frame = proctor_api::encode_frame(offset, &[b'x'; 65536]);
        if socket.send(Message::binary(frame)).await.is_err() {
            return;
        }
        offset += 65536;
    }
}
