//! Follows an execution's log to its end: bytes to stdout as the proc wrote them, events to stderr.
//! A connection that is cut is taken up again at the offset reached, so that no byte is lost or doubled.

mod connection;
mod cursor;
mod outage;
mod spinner;
mod waits;

use std::time::{Duration, Instant};

use proctor_api::{LogEnd, LogEvent, LogEventKind};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::client::Client;
use crate::client::error::ClientError;
use crate::console;
use crate::escape::visible;
use crate::follow::connection::{Connection, Incoming};
use crate::follow::cursor::{Cursor, Hole};
use crate::follow::outage::Outage;
use crate::follow::spinner::Spinner;
use crate::follow::waits::Waits;

/// A connection that lived so long was not part of an outage, even if the log was silent.
const STEADY: Duration = Duration::from_secs(10);

/// The log cannot be followed to its end.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("Error while Streaming Log.\n{}", visible(.0))]
    Closed(String),
    #[error("Error while Streaming Log.\n{0}")]
    Hole(#[from] Hole),
    #[error("Error while Streaming Log.\nproctord sent what is no part of a log: {0}")]
    Protocol(String),
    #[error("failed to write to stdout: {0}")]
    Stdout(#[source] std::io::Error),
}

/// Why one connection gave no end.
#[derive(Debug)]
enum Interruption {
    /// The connection was cut or refused for now; the log goes on elsewhere.
    Cut(ClientError),
    /// Trying again would not help.
    Fatal(FollowError),
}

impl<E: Into<FollowError>> From<E> for Interruption {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

/// Follows one execution's log.
pub struct Follower<'a, W> {
    client: &'a Client,
    id: u64,
    sink: W,
    cursor: Cursor,
    seen: Vec<LogEvent>,
    outage: Outage,
    spinner: Spinner,
    waits: Waits<'a>,
    /// How long an outage may last.
    patience: Duration,
}

impl<'a, W: AsyncWrite + Unpin> Follower<'a, W> {
    /// For an execution that proctord has just accepted: worth waiting for from the beginning.
    pub fn of_accepted(client: &'a Client, id: u64, sink: W) -> Self {
        Self {
            patience: client.settings().reconnect,
            ..Self::of_any(client, id, sink)
        }
    }

    /// For an execution of which nothing is known: the first connection must succeed at once.
    pub fn of_any(client: &'a Client, id: u64, sink: W) -> Self {
        Self {
            client,
            id,
            sink,
            cursor: Cursor::default(),
            seen: Vec::new(),
            outage: Outage::default(),
            spinner: Spinner::new(),
            waits: Waits::new(client, id),
            patience: Duration::ZERO,
        }
    }

    /// Follows the log until the execution has ended.
    pub async fn run(&mut self) -> Result<LogEnd, FollowError> {
        loop {
            let cause = match self.connect_and_follow().await {
                Ok(end) => return Ok(end),
                Err(Interruption::Fatal(error)) => return Err(error),
                Err(Interruption::Cut(cause)) => cause,
            };
            let first = !self.outage.is_on();
            let Some(delay) = self.outage.next_delay(Instant::now(), self.patience) else {
                if !first {
                    console::say(format!(
                        "The execution goes on without you. To follow it again, run `proctor logs {}`.",
                        self.id
                    ));
                }
                return Err(cause.into());
            };
            if first {
                console::warn("The connection was interrupted; reconnecting ...");
            }
            tokio::time::sleep(delay).await;
        }
    }

    async fn connect_and_follow(&mut self) -> Result<LogEnd, Interruption> {
        let open = Connection::open(self.client, self.id, self.cursor.offset());
        let mut connection = self.spinner.during(open).await?;
        self.patience = self.client.settings().reconnect;
        let opened = Instant::now();
        let end = self.follow(&mut connection).await;
        if opened.elapsed() > STEADY {
            self.outage.over();
        }
        if end.is_ok() {
            connection.leave().await;
        }
        end
    }

    async fn follow(&mut self, connection: &mut Connection) -> Result<LogEnd, Interruption> {
        loop {
            let before = (self.cursor.offset(), self.seen.len());
            match self.next(connection).await? {
                Incoming::Bytes(frame) => {
                    self.spinner.rest();
                    self.waits.over();
                    self.write(&frame).await?;
                }
                Incoming::Event(event) => {
                    if let Some(end) = self.take_event(event)? {
                        return Ok(end);
                    }
                }
            }
            if before != (self.cursor.offset(), self.seen.len()) {
                self.outage.over();
            }
        }
    }

    /// What comes next; until then it is told what the execution waits for.
    async fn next(&mut self, connection: &mut Connection) -> Result<Incoming, Interruption> {
        // One future for all of the wait: it keeps the time for the signs of life.
        let mut next = std::pin::pin!(connection.next());
        loop {
            let news = tokio::select! {
                biased;
                incoming = self.spinner.during(&mut next) => return incoming,
                news = self.waits.news() => news,
            };
            console::say(news);
        }
    }

    async fn write(&mut self, frame: &[u8]) -> Result<(), FollowError> {
        let Some((offset, bytes)) = proctor_api::decode_frame(frame) else {
            return Err(FollowError::Protocol("a frame without an offset".into()));
        };
        let new = self.cursor.accept(offset, bytes)?;
        if !new.is_empty() {
            self.sink
                .write_all(new)
                .await
                .map_err(FollowError::Stdout)?;
            self.sink.flush().await.map_err(FollowError::Stdout)?;
        }
        Ok(())
    }

    fn take_event(&mut self, event: LogEvent) -> Result<Option<LogEnd>, FollowError> {
        // After a reconnect, events at the offset reached come again.
        if self.seen.contains(&event) {
            return Ok(None);
        }
        match &event.kind {
            LogEventKind::Attempt { text } => console::say(visible(text)),
            LogEventKind::Gap { text } => {
                console::warn(visible(text));
                self.cursor.allow_gap();
            }
            LogEventKind::End(end) => {
                self.cursor.finish(end)?;
                return Ok(Some(end.clone()));
            }
        }
        self.seen.push(event);
        Ok(None)
    }
}
