//! One websocket that follows one log. It waits for its own client only; when the client goes, it goes, and one
//! that gives no sign of life for a minute is let go. A client that takes nothing is the kernel's to cut off.

use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, Session};
use futures::{SinkExt, StreamExt};
use proctor_api::encode_frame;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::lines::Lines;
use super::window::Window;
use crate::logs::Follower;
use crate::store::{LogSlice, StoreError, StoredChunk};
use crate::telemetry::chain;

/// The most bytes of one binary frame.
const FRAME_BYTES: usize = 32 * 1024;
/// A quiet log is pinged this often, so that proxies keep the connection.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A client that has everything and is silent for longer is gone.
const SILENCE: Duration = Duration::from_secs(60);
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What the frames look like.
pub(super) enum Protocol {
    /// The Go system's: a text frame per line.
    Lines,
    /// Offsets and bytes, events as JSON.
    V3,
}

/// A websocket and what it follows.
pub(super) struct Follow {
    pub(super) session: Session,
    pub(super) follower: Follower,
    pub(super) protocol: Protocol,
    /// Whether the log had ended when the client came: the Go system's close reason tells.
    pub(super) finished: bool,
    pub(super) window: Window,
    pub(super) shutdown: CancellationToken,
}

impl Follow {
    /// Runs until the log has ended, the client has gone, or the service stops.
    pub(super) async fn run(mut self, messages: MessageStream) {
        let shutdown = self.shutdown.clone();
        let mut session = self.session.clone();
        let window = self.window.clone();
        let client_gone = answer_client(session.clone(), messages, &window);
        let closing = tokio::select! {
            sent = self.send_log() => sent.map(|()| self.finished_reason()),
            () = client_gone => return,
            () = shutdown.cancelled() => Ok(CloseReason {
                code: CloseCode::Restart,
                description: Some("proctord stops; follow again at your offset".to_owned()),
            }),
            closed = keep_alive(&mut session, &window) => Err(closed),
        };
        if let Ok(reason) = closing {
            // A client that has gone meanwhile does not need the reason.
            let _ = self.session.close(Some(reason)).await;
        }
    }

    fn finished_reason(&self) -> CloseReason {
        let origin = if self.finished { "repository" } else { "pod" };
        CloseReason {
            code: CloseCode::Normal,
            description: Some(format!("Finished Streaming log from {origin}")),
        }
    }

    async fn send_log(&mut self) -> Result<(), Closed> {
        let mut lines = Lines::default();
        loop {
            match self.follower.next().await {
                Ok(Some(slice)) => match self.protocol {
                    Protocol::Lines => self.send_lines(&mut lines, slice).await?,
                    Protocol::V3 => self.send_frames(slice).await?,
                },
                Ok(None) => break,
                Err(error) => wait_out(&error).await,
            }
        }
        match lines.finish() {
            Some(line) => self.send_text(line).await,
            None => Ok(()),
        }
    }

    async fn send_lines(&mut self, lines: &mut Lines, slice: LogSlice) -> Result<(), Closed> {
        for chunk in slice.chunks {
            for line in lines.push(&chunk.bytes) {
                self.send_text(line).await?;
            }
        }
        Ok(())
    }

    /// Sends bytes and events in the order of their offsets.
    async fn send_frames(&mut self, slice: LogSlice) -> Result<(), Closed> {
        for part in slice.into_parts() {
            match part {
                Ok(StoredChunk { mut offset, bytes }) => {
                    for piece in bytes.chunks(FRAME_BYTES) {
                        let frame = self.window.frame(encode_frame(offset, piece)).await;
                        self.session.binary(frame).await?;
                        offset += piece.len() as u64;
                    }
                }
                Err(event) => match serde_json::to_string(&event) {
                    Ok(json) => self.send_text(json).await?,
                    Err(error) => warn!(error = %error, "an event of a log cannot be written"),
                },
            }
        }
        Ok(())
    }

    async fn send_text(&mut self, text: String) -> Result<(), Closed> {
        let frame = self.window.frame(text.into_bytes()).await;
        // It was a string a moment ago.
        let text = frame.try_into().map_err(|_| Closed)?;
        self.session.send(Message::Text(text)).await
    }
}

async fn wait_out(error: &StoreError) {
    warn!(error = chain(error), "a follower waits for the store");
    tokio::time::sleep(STORE_PAUSE).await;
}

/// Answers pings and notes signs of life; returns when the client has closed or gone.
async fn answer_client(mut session: Session, mut messages: MessageStream, window: &Window) {
    while let Some(Ok(message)) = messages.next().await {
        window.sign();
        match message {
            Message::Ping(payload) if session.pong(&payload).await.is_err() => return,
            Message::Close(_) => return,
            _ => {}
        }
    }
}

/// Pings; returns when the client is gone.
async fn keep_alive(session: &mut Session, window: &Window) -> Closed {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        if !window.is_idle() {
            continue;
        }
        if window.silence() > SILENCE || session.ping(b"").await.is_err() {
            return Closed;
        }
    }
}
