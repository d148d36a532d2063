//! Moves one execution's output from its runner into its log, from where the log stands to the end of the
//! output. It waits for the store, never for a follower.

use std::time::Duration;

use bytes::Bytes;
use proctor_api::{LogEvent, LogEventKind};
use proctor_worker::failpoint;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use super::Logs;
use crate::domain::execution::Execution;
use crate::runner::{Output, OutputItem, Runner, RunnerError};
use crate::store::{LogAppend, Store, StoreError};
use crate::telemetry::chain;

/// The most bytes that are appended at once.
const APPEND_BYTES: usize = 512 * 1024;
/// After a small append the next one waits this long, so that a chatty proc does not cost a commit a line.
const SMALL_APPEND_PAUSE: Duration = Duration::from_millis(25);
const SMALL_APPEND_BYTES: usize = 64 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Until when to wait for a silent upstream; unset while the execution runs.
pub type Patience = watch::Receiver<Option<Instant>>;

/// How a log stood when nothing more came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pumped {
    pub bytes: u64,
    pub complete: bool,
}

/// Pumps until the output ends, or until an upstream that has nothing more to say runs out of patience.
///
/// # Errors
/// `FenceLost`: the execution belongs to somebody else now.
pub async fn run(
    logs: &Logs,
    store: &dyn Store,
    runner: &dyn Runner,
    execution: &Execution,
    mut patience: Patience,
) -> Result<Pumped, StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match pump_once(logs, store, runner, execution, &mut patience).await {
            Ok(pumped) => return Ok(pumped),
            Err(PumpError::Store(error @ (StoreError::FenceLost(_) | StoreError::NotFound(_)))) => {
                return Err(error);
            }
            Err(PumpError::Store(error)) => chain(&error),
            Err(PumpError::Runner(error)) => chain(&error),
        };
        warn!(execution.id = %execution.id, error = failure, "the log's upstream is opened again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Closing the log finds out how much of it is stored.
            () = out_of_patience(&mut patience) => return Ok(Pumped { bytes: 0, complete: false }),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

enum PumpError {
    Store(StoreError),
    Runner(RunnerError),
}

async fn pump_once(
    logs: &Logs,
    store: &dyn Store,
    runner: &dyn Runner,
    execution: &Execution,
    patience: &mut Patience,
) -> Result<Pumped, PumpError> {
    let tail = store
        .log_tail(execution.id)
        .await
        .map_err(PumpError::Store)?;
    let mut offset = tail.offset;
    let mut output = runner
        .output(execution, tail.cursor)
        .await
        .map_err(PumpError::Runner)?;
    loop {
        let (bytes, events, cursor) = match next_piece(output.as_mut(), offset, patience).await? {
            Piece::End { complete } => {
                return Ok(Pumped {
                    bytes: offset,
                    complete,
                });
            }
            Piece::More {
                bytes,
                events,
                cursor,
            } => (bytes, events, cursor),
        };
        let length = bytes.len();
        failpoint::hit("log.read");
        let append = LogAppend {
            id: execution.id,
            fence: execution.fence,
            offset,
            bytes,
            cursor,
            events,
        };
        let appended_at = Instant::now();
        logs.append(append).await.map_err(PumpError::Store)?;
        failpoint::hit("log.stored");
        offset += length as u64;
        if length < SMALL_APPEND_BYTES {
            tokio::time::sleep_until(appended_at + SMALL_APPEND_PAUSE).await;
        }
    }
}

enum Piece {
    More {
        bytes: Bytes,
        events: Vec<LogEvent>,
        cursor: String,
    },
    End {
        complete: bool,
    },
}

async fn next_piece(
    output: &mut dyn Output,
    offset: u64,
    patience: &mut Patience,
) -> Result<Piece, PumpError> {
    let item = tokio::select! {
        biased;
        item = output.next(APPEND_BYTES) => item.map_err(PumpError::Runner)?,
        () = out_of_patience(patience) => return Ok(Piece::End { complete: false }),
    };
    Ok(match item {
        OutputItem::Bytes { bytes, cursor } => Piece::More {
            bytes,
            events: Vec::new(),
            cursor,
        },
        OutputItem::Attempt { text, cursor } => {
            let event = LogEvent {
                offset,
                kind: LogEventKind::Attempt { text },
            };
            Piece::More {
                bytes: Bytes::new(),
                events: vec![event],
                cursor,
            }
        }
        OutputItem::End { complete } => Piece::End { complete },
    })
}

async fn out_of_patience(patience: &mut Patience) {
    // The sender lives as long as somebody waits for this pump.
    let deadline = match patience.wait_for(Option::is_some).await {
        Ok(deadline) => *deadline,
        Err(_) => None,
    };
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
