//! A thousand followers of one execution: each that stays has every byte, there is one upstream, and neither
//! the proc nor the memory of the service pays for them.

use std::fs;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use proctor_api::{LogEvent, LogEventKind, decode_frame};
use proctor_testkit::{Proctord, wait_for};
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{detach, publish, wait_for_end};

const FOLLOWERS: u64 = 1000;
const LINES: u64 = 20_000;
/// One line; a thousand followers of all of them are a gigabyte.
const LINE: &str = "a line of some length, so that the log is large enough to matter";

/// How a follower behaves.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Complete,
    /// Reads a kilobyte a second.
    Slow,
    /// Goes away in the middle.
    Vanishing,
}

impl Kind {
    fn of(number: u64) -> Self {
        match number % 10 {
            0 => Self::Slow,
            1 | 2 => Self::Vanishing,
            _ => Self::Complete,
        }
    }
}

fn request(address: &str, id: &str) -> tokio_tungstenite::tungstenite::http::Request<()> {
    let url = format!("ws://{address}/execution/logs?context_id={id}");
    let mut request = url.into_client_request().unwrap();
    let protocol = HeaderValue::from_static("proctor.logs.v3");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", protocol);
    request
}

/// Reads to the end event, holding every byte against what is expected.
async fn read_all(address: &str, id: &str, expected: &[u8], leave_at: usize) {
    let (mut socket, _) = connect_async(request(address, id)).await.unwrap();
    let mut at = 0;
    while let Some(frame) = socket.next().await {
        match frame.unwrap() {
            Message::Binary(frame) => {
                let (offset, bytes) = decode_frame(&frame).unwrap();
                assert_eq!(offset, at as u64);
                assert!(expected[at..].starts_with(bytes), "other bytes at {at}");
                at += bytes.len();
                if at >= leave_at {
                    return;
                }
            }
            Message::Text(text) => {
                let event: LogEvent = serde_json::from_str(&text).unwrap();
                if matches!(event.kind, LogEventKind::End(_)) {
                    assert_eq!(at, expected.len());
                    return;
                }
            }
            Message::Ping(payload) => socket.send(Message::Pong(payload)).await.unwrap(),
            _ => {}
        }
    }
    panic!("the websocket ended at {at} of {}", expected.len());
}

/// Takes a kilobyte a second off the connection until it is told to go.
async fn read_slowly(address: &str, id: &str, mut gone: tokio::sync::watch::Receiver<bool>) {
    let (mut socket, _) = connect_async(request(address, id)).await.unwrap();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut kilobyte = [0; 1024];
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let tokio_tungstenite::MaybeTlsStream::Plain(stream) = socket.get_mut() else { return };
                if stream.read(&mut kilobyte).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            _ = gone.changed() => return,
        }
    }
}

/// Memory of a process in KiB, as the kernel tells it under this name.
fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How many upstreams the service says it has opened for an execution.
fn upstreams(proctord: &Proctord, id: &str) -> usize {
    let opened = |line: &&str| line.contains("the log's upstream is opened") && line.contains(id);
    proctord.log().lines().filter(opened).count()
}

/// How long the proc ran, by its own clock.
fn run_time(path: &std::path::Path) -> Duration {
    let text = wait_for("the proc to note its time", || {
        fs::read_to_string(path)
            .ok()
            .filter(|text| text.ends_with('\n'))
            .ok_or("nothing")
    });
    Duration::from_millis(text.trim().parse().unwrap())
}

#[test]
fn a_thousand_followers_cost_neither_the_proc_nor_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data"))
        .env("PROCTOR_LOG_LEVEL", "info,proctord::logs=debug")
        .start();
    let noted = folder.path().join("noted");
    let body = format!(
        "begin=$(date +%s%N); i=0\n\
         while [ $i -lt {LINES} ]; do echo \"$i {LINE}\"; i=$((i+1)); [ $((i % 200)) -ne 0 ] || sleep 0.05; done\n\
         echo $(( ($(date +%s%N) - begin) / 1000000 )) > {}",
        noted.display()
    );
    publish(&proctord, folder.path(), "chatty", &body);
    let expected: Vec<u8> = (0..LINES)
        .flat_map(|i| format!("{i} {LINE}\n").into_bytes())
        .collect();
    let alone = detach(&proctord, &["chatty"]);
    wait_for_end(&proctord, &alone);
    let time_alone = run_time(&noted);
    fs::remove_file(&noted).unwrap();
    let before = memory(proctord.pid(), "VmRSS");

    let id = detach(&proctord, &["chatty"]);
    let began = Instant::now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pause = time_alone.mul_f64(0.9 / FOLLOWERS as f64);
    let complete = runtime.block_on(follow_all(proctord.address(), &id, &expected, pause));
    let execution = wait_for_end(&proctord, &id);
    let time_followed = run_time(&noted);

    assert_eq!(execution["status"], "SUCCEEDED", "{execution}");
    let ratio = time_followed.as_secs_f64() / time_alone.as_secs_f64();
    let peak = memory(proctord.pid(), "VmHWM");
    println!(
        "{complete} of {FOLLOWERS} followers read all {} bytes in {:?}; the proc ran {time_followed:?}, \
         alone {time_alone:?}: ratio {ratio:.2}; proctord's memory {before} KiB before, {peak} KiB at most; \
         upstreams {}",
        expected.len(),
        began.elapsed(),
        upstreams(&proctord, &id),
    );
    assert_eq!(upstreams(&proctord, &id), 1);
    assert!(ratio < 2.0, "the proc ran {ratio} times as long");
    assert!(peak - before < 250 * 1024, "{before} KiB grew to {peak}");
}

/// Lets followers join one after the other while the proc runs; answers how many have read everything.
async fn follow_all(address: &str, id: &str, expected: &[u8], pause: Duration) -> usize {
    let (gone, stay) = tokio::sync::watch::channel(false);
    let mut others = JoinSet::new();
    let mut complete = JoinSet::new();
    let mut join = tokio::time::interval(pause);
    for number in 0..FOLLOWERS {
        join.tick().await;
        let (address, id, expected) = (address.to_owned(), id.to_owned(), expected.to_vec());
        let stay = stay.clone();
        // A third of them anywhere in the log.
        let leave_at = expected.len() * usize::try_from(number * 7919 % 1000).unwrap() / 1000;
        match Kind::of(number) {
            Kind::Complete => drop(complete.spawn(async move {
                read_all(&address, &id, &expected, usize::MAX).await;
            })),
            Kind::Vanishing => drop(others.spawn(async move {
                read_all(&address, &id, &expected, leave_at).await;
            })),
            Kind::Slow => drop(others.spawn(async move { read_slowly(&address, &id, stay).await })),
        }
    }
    let read = complete.join_all().await.len();
    gone.send_replace(true);
    others.join_all().await;
    read
}
