//! Moves one execution's output from its runner into its log, masked, from where the log stands to the end of
//! the output. It waits for the store, never for a follower.

use std::time::Duration;

use proctor_api::LogEventKind;
use proctor_worker::failpoint;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::Logs;
use super::intake::{Intake, Piece, Resume};
use crate::domain::environment::Secrets;
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

impl Pumped {
    /// The pump broke off; closing the log finds out how long it is.
    pub const BROKEN: Self = Self {
        bytes: 0,
        complete: false,
    };
}

/// What is pumped, and from where to where.
#[derive(Clone, Copy)]
pub struct Pump<'a> {
    pub logs: &'a Logs,
    pub store: &'a dyn Store,
    pub runner: &'a dyn Runner,
    pub execution: &'a Execution,
    /// Those that the execution was given: their values are masked.
    pub secrets: &'a Secrets,
}

/// Pumps until the output ends, or until an upstream that has nothing more to say runs out of patience.
///
/// # Errors
/// `FenceLost`: the execution belongs to somebody else now.
pub async fn run(pump: Pump<'_>, mut patience: Patience) -> Result<Pumped, StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match pump_once(pump, &mut patience).await {
            Ok(pumped) => return Ok(pumped),
            Err(PumpError::Store(error @ (StoreError::FenceLost(_) | StoreError::NotFound(_)))) => {
                return Err(error);
            }
            Err(PumpError::Store(error)) => chain(&error),
            Err(PumpError::Runner(error)) => chain(&error),
        };
        let id = pump.execution.id;
        warn!(execution.id = %id, error = failure, "the log's upstream is opened again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = out_of_patience(&mut patience) => return Ok(Pumped::BROKEN),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

enum PumpError {
    Store(StoreError),
    Runner(RunnerError),
}

async fn pump_once(pump: Pump<'_>, patience: &mut Patience) -> Result<Pumped, PumpError> {
    let (mut output, mut intake) = open(pump).await?;
    loop {
        let item = tokio::select! {
            biased;
            item = output.next(APPEND_BYTES) => item.map_err(PumpError::Runner)?,
            () = out_of_patience(patience) => OutputItem::End { complete: false },
        };
        match item {
            OutputItem::Bytes { bytes, cursor } => intake.bytes(&bytes, cursor),
            OutputItem::Attempt { text, cursor } => {
                intake.event(LogEventKind::Attempt { text }, cursor);
            }
            OutputItem::Gap { text, cursor } => intake.event(LogEventKind::Gap { text }, cursor),
            OutputItem::End { complete } => {
                if let Some(piece) = intake.finish() {
                    store(pump, piece).await?;
                }
                let bytes = intake.offset();
                return Ok(Pumped { bytes, complete });
            }
        }
        let Some(piece) = intake.settle() else {
            continue;
        };
        let length = piece.bytes.len();
        let stored_at = Instant::now();
        store(pump, piece).await?;
        if length < SMALL_APPEND_BYTES {
            tokio::time::sleep_until(stored_at + SMALL_APPEND_PAUSE).await;
        }
    }
}

/// Opens the upstream where the stored log ends.
async fn open(pump: Pump<'_>) -> Result<(Box<dyn Output>, Intake), PumpError> {
    let id = pump.execution.id;
    let tail = pump.store.log_tail(id).await.map_err(PumpError::Store)?;
    let resume = Resume::parse(tail.cursor.as_deref()).ok_or_else(|| {
        PumpError::Store(StoreError::Damaged {
            what: format!("the cursor of the log of execution {id}"),
            source: None,
        })
    })?;
    let output = pump
        .runner
        .output(pump.execution, resume.cursor.clone())
        .await
        .map_err(PumpError::Runner)?;
    debug!(execution.id = %id, log.offset = tail.offset, "the log's upstream is opened");
    Ok((output, Intake::new(pump.secrets, resume, tail.offset)))
}

async fn store(pump: Pump<'_>, piece: Piece) -> Result<(), PumpError> {
    failpoint::hit("log.read");
    let append = LogAppend {
        id: pump.execution.id,
        fence: pump.execution.fence,
        offset: piece.offset,
        bytes: piece.bytes.into(),
        cursor: piece.cursor,
        events: piece.events,
    };
    pump.logs.append(append).await.map_err(PumpError::Store)?;
    failpoint::hit("log.stored");
    Ok(())
}

/// Waits until there is no more patience.
pub async fn out_of_patience(patience: &mut Patience) {
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
