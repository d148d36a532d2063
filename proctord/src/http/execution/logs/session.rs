//! One websocket that follows one log. It waits for its own client only; when the client goes, it goes.

use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, Session};
use bytes::Bytes;
use futures::StreamExt;
use proctor_api::encode_frame;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::lines::Lines;
use crate::logs::Follower;
use crate::store::{LogSlice, StoreError};
use crate::telemetry::chain;

/// The most bytes of one binary frame; a client that lags has a bounded number of them in memory.
const FRAME_BYTES: usize = 64 * 1024;
/// A quiet log is pinged this often, so that proxies keep the connection.
const PING_EVERY: Duration = Duration::from_secs(20);
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
    pub(super) shutdown: CancellationToken,
}

impl Follow {
    /// Runs until the log has ended, the client has gone, or the service stops.
    pub(super) async fn run(mut self, messages: MessageStream) {
        let shutdown = self.shutdown.clone();
        let mut session = self.session.clone();
        let client_gone = answer_client(session.clone(), messages);
        let closing = tokio::select! {
            sent = self.send_log() => sent.map(|()| self.finished_reason()),
            () = client_gone => return,
            () = shutdown.cancelled() => Ok(CloseReason {
                code: CloseCode::Restart,
                description: Some("proctord stops; follow again at your offset".to_owned()),
            }),
            Err(closed) = ping(&mut session) => Err(closed),
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
                    Protocol::Lines => send_lines(&mut self.session, &mut lines, slice).await?,
                    Protocol::V3 => send_frames(&mut self.session, slice).await?,
                },
                Ok(None) => break,
                Err(error) => wait_out(&error).await,
            }
        }
        match lines.finish() {
            Some(line) => self.session.text(line).await,
            None => Ok(()),
        }
    }
}

async fn wait_out(error: &StoreError) {
    warn!(error = chain(error), "a follower waits for the store");
    tokio::time::sleep(STORE_PAUSE).await;
}

async fn send_lines(
    session: &mut Session,
    lines: &mut Lines,
    slice: LogSlice,
) -> Result<(), Closed> {
    for chunk in slice.chunks {
        for line in lines.push(&chunk.bytes) {
            session.text(line).await?;
        }
    }
    Ok(())
}

/// Sends bytes and events in the order of their offsets.
async fn send_frames(session: &mut Session, slice: LogSlice) -> Result<(), Closed> {
    let mut events = slice.events.into_iter().peekable();
    for chunk in slice.chunks {
        let mut offset = chunk.offset;
        let mut bytes = chunk.bytes;
        while !bytes.is_empty() {
            while let Some(event) = events.next_if(|event| event.event.offset <= offset) {
                send_event(session, &event.event).await?;
            }
            let until_event = events.peek().map(|event| event.event.offset - offset);
            let most = until_event
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(usize::MAX);
            let piece: Bytes = bytes.split_to(bytes.len().min(FRAME_BYTES).min(most));
            session.binary(encode_frame(offset, &piece)).await?;
            offset += piece.len() as u64;
        }
    }
    for event in events {
        send_event(session, &event.event).await?;
    }
    Ok(())
}

async fn send_event(session: &mut Session, event: &proctor_api::LogEvent) -> Result<(), Closed> {
    match serde_json::to_string(event) {
        Ok(json) => session.text(json).await,
        Err(error) => {
            warn!(error = %error, "an event of a log cannot be written");
            Ok(())
        }
    }
}

/// Answers pings; returns when the client has closed or gone.
async fn answer_client(mut session: Session, mut messages: MessageStream) {
    while let Some(Ok(message)) = messages.next().await {
        match message {
            Message::Ping(payload) if session.pong(&payload).await.is_err() => return,
            Message::Close(_) => return,
            _ => {}
        }
    }
}

async fn ping(session: &mut Session) -> Result<(), Closed> {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        session.ping(b"").await?;
    }
}
