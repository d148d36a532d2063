//! The log of one Pod, read to its proven end: through streams that end too early, break off, hang or refuse, until
//! the container is known to have ended and a read that was begun after that has brought all there is.

use std::pin::pin;

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::LogError;
use super::attempts::{self, Standing};
use super::cursor::{Cursor, Place, Position};
use super::lines::{LineError, Lines, Piece};
use super::patience::Pauses;
use super::reader::Reader;
use super::source::{SourceError, Wanted};
use super::spool::PIECE_BYTES;
use crate::runner::OutputItem;
use crate::telemetry::chain;

/// Kubelets look this often whether a log is to be rotated: what is older than that may be gone.
const ROTATION_SECONDS: i64 = 10;

/// How a Pod's log came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Whole,
    Lost { why: String },
}

/// Why a stream is read no further.
#[derive(Debug)]
enum Left {
    /// It ended; `settled` if nothing is missing up to here.
    Ended {
        settled: bool,
    },
    Silent,
    /// There is no room for more.
    Full,
    Failed(SourceError),
    Senseless(LineError),
}

impl Left {
    /// Whether the stream was there.
    fn is_after_listening(&self) -> bool {
        matches!(
            self,
            Self::Ended { .. } | Self::Silent | Self::Failed(SourceError::Broken(_))
        )
    }
}

pub(super) struct Reading<'a> {
    reader: &'a mut Reader,
    cursor: Cursor,
    name: Option<String>,
    /// Since when nobody writes to it.
    closed_at: Option<Instant>,
    /// The last stream ended by itself, and nothing has failed since.
    ended_well: bool,
    /// Until when the log was listened to and nothing came.
    empty_until: Option<Timestamp>,
    pauses: Pauses,
}

impl<'a> Reading<'a> {
    pub(super) fn new(reader: &'a mut Reader, cursor: Cursor, name: Option<String>) -> Self {
        Self {
            pauses: Pauses::new(reader.patience),
            reader,
            cursor,
            name,
            closed_at: None,
            ended_well: false,
            empty_until: None,
        }
    }

    pub(super) fn into_cursor(self) -> Cursor {
        self.cursor
    }

    pub(super) async fn run(&mut self) -> Result<Outcome, LogError> {
        loop {
            let standing = self.standing();
            let follow = match standing {
                Standing::Unborn => {
                    let patience = self.reader.patience.quiet;
                    self.past(standing, patience).await?;
                    continue;
                }
                Standing::Never => return Ok(Outcome::Whole),
                Standing::Gone => return Ok(self.gone()),
                Standing::Open => true,
                Standing::Closed => false,
            };
            let Some(name) = self.pod_name() else {
                return Ok(self.gone());
            };
            let left = self.stream(&name, follow).await?;
            if self.cursor.position == Position::Beginning && left.is_after_listening() {
                self.empty_until = Some(Timestamp::now());
            }
            if let Some(outcome) = self.judge(left, follow).await? {
                return Ok(outcome);
            }
        }
    }

    /// Decides what the end of a stream means; none if another one is to be opened.
    async fn judge(&mut self, left: Left, follow: bool) -> Result<Option<Outcome>, LogError> {
        let why = match left {
            Left::Ended { settled: true } if !follow => return Ok(Some(Outcome::Whole)),
            Left::Ended { settled: false } if !follow => {
                let why = "it was rotated before it was read".to_owned();
                return Ok(Some(Outcome::Lost { why }));
            }
            Left::Ended { .. } => {
                self.ended_well = true;
                let settle = self.reader.patience.settle + self.pauses.next();
                self.past(Standing::Open, settle).await?;
                return Ok(None);
            }
            Left::Full => {
                self.ended_well = false;
                self.reader.spool.drained().await;
                return Ok(None);
            }
            // Whoever has ended is asked once more; whoever runs is listened to anew.
            Left::Silent if follow => {
                self.ended_well = false;
                return Ok(None);
            }
            Left::Silent => "it was not answered".to_owned(),
            Left::Failed(SourceError::Gone(_)) => return Ok(Some(self.gone())),
            Left::Failed(SourceError::Forbidden(source)) => {
                return Err(LogError::Forbidden(source));
            }
            Left::Failed(error) => self.failed(&error),
            Left::Senseless(error) => self.failed(&error),
        };
        self.ended_well = false;
        let patience = self.reader.patience.give_up;
        if self.closed_at.is_some_and(|at| at.elapsed() >= patience) {
            return Ok(Some(Outcome::Lost { why }));
        }
        tokio::time::sleep(self.pauses.next()).await;
        Ok(None)
    }

    /// Notes a failure, the first of a series for all to see.
    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> String {
        let execution = &self.reader.execution;
        let (pod, failure) = (&*self.cursor.pod.uid, chain(error));
        match self.pauses.is_first() {
            true => {
                warn!(
                    execution.name = execution,
                    pod.uid = pod,
                    error = failure,
                    "the log of a Pod is asked for again"
                );
            }
            false => {
                debug!(
                    execution.name = execution,
                    pod.uid = pod,
                    error = failure,
                    "the log of a Pod is asked for again"
                );
            }
        }
        error.to_string()
    }

    /// What a log was worth that can be had no more: a kubelet that restarts ends streams too, but needs longer to
    /// come back and let its Pod go than it takes to ask again.
    fn gone(&self) -> Outcome {
        match self.ended_well {
            true => Outcome::Whole,
            false => Outcome::Lost {
                why: "there is no such Pod any more".to_owned(),
            },
        }
    }

    /// Reads one stream as far as it goes.
    async fn stream(&mut self, name: &str, follow: bool) -> Result<Left, LogError> {
        let place = match self.cursor.position {
            Position::At(place) => Some(place),
            Position::Beginning | Position::Over => None,
        };
        let wanted = Wanted {
            since: place.map(|place| place.since()),
            follow,
        };
        let mut stream = Stream {
            lines: place.map_or_else(Lines::beginning, Lines::behind),
            opened_at: Timestamp::now(),
            is_missing: false,
        };
        let mut chunks = pin!(self.reader.source.read(name, wanted));
        let mut heard_at = Instant::now();
        loop {
            let silent_at = self.silent_at(heard_at, follow);
            tokio::select! {
                chunk = chunks.next() => {
                    heard_at = Instant::now();
                    let chunk = match chunk {
                        Some(Ok(chunk)) => chunk,
                        Some(Err(error)) => return Ok(Left::Failed(error)),
                        None => return Ok(stream.ended()),
                    };
                    if let Some(left) = self.take(&mut stream, &chunk).await {
                        return Ok(left);
                    }
                }
                seen = self.reader.sight.changed(self.reader.patience.quiet) => {
                    seen?;
                    self.standing();
                }
                () = tokio::time::sleep_until(silent_at) => return Ok(Left::Silent),
            }
        }
    }

    /// Until when a stream may be silent.
    fn silent_at(&self, heard_at: Instant, follow: bool) -> Instant {
        let patience = &self.reader.patience;
        match self.closed_at {
            _ if !follow => heard_at + patience.answer,
            Some(closed_at) => heard_at.max(closed_at) + patience.hanging,
            None => heard_at + patience.quiet,
        }
    }

    /// Takes what came from a stream; tells if it is to be left.
    async fn take(&mut self, stream: &mut Stream, chunk: &Bytes) -> Option<Left> {
        for part in chunk.chunks(PIECE_BYTES) {
            let parsed = stream.lines.take(part);
            stream.is_missing |= parsed.missing;
            if let Some(piece) = parsed.piece {
                self.push(stream, &piece);
            }
            if let Some(flaw) = parsed.flaw {
                return Some(Left::Senseless(flaw));
            }
        }
        (!self.reader.spill().await).then_some(Left::Full)
    }

    fn push(&mut self, stream: &mut Stream, piece: &Piece) {
        let late = self.cursor.position == Position::Beginning && self.began_before(stream, piece);
        let number = self.cursor.attempt;
        if std::mem::take(&mut stream.is_missing) {
            let text = format!(
                "a part of attempt {number}'s log may be missing here: it was rotated before it was read"
            );
            self.push_gap(text, piece.from);
        } else if late {
            let text = format!(
                "the beginning of attempt {number}'s log may be missing: it was not read from the start"
            );
            self.push_gap(text, piece.from);
        }
        self.cursor.position = Position::At(piece.to);
        self.pauses.reset();
        let spool = &self.reader.spool;
        spool.push_bytes(&piece.bytes, self.cursor.clone());
    }

    fn push_gap(&mut self, text: String, at: Place) {
        warn!(execution.name = self.reader.execution, "{text}");
        self.cursor.torn = true;
        let cursor = self.cursor.at(Position::At(at)).text();
        self.reader
            .spool
            .push_event(OutputItem::Gap { text, cursor });
    }

    /// Whether the log may have had an earlier part that was rotated away before anybody read it: then its first
    /// line is an old one, but was not written soon after the container's start.
    fn began_before(&self, stream: &Stream, piece: &Piece) -> bool {
        let pod = self.reader.sight.pod(&self.cursor.pod.uid);
        let Some(began) = pod.as_ref().and_then(attempts::began) else {
            return false;
        };
        let empty_until = self.empty_until.map_or(began, |until| until.max(began));
        let first = piece.from.anchor();
        first < stream.opened_at && first.as_second() - empty_until.as_second() > ROTATION_SECONDS
    }

    /// How the Pod stands; notes since when nobody writes to its log.
    fn standing(&mut self) -> Standing {
        let standing = self.reader.sight.standing(&self.cursor.pod.uid);
        match standing {
            Standing::Unborn | Standing::Open => self.closed_at = None,
            Standing::Closed | Standing::Never | Standing::Gone => {
                self.closed_at.get_or_insert_with(Instant::now);
            }
        }
        standing
    }

    async fn past(
        &mut self,
        standing: Standing,
        at_most: std::time::Duration,
    ) -> Result<(), LogError> {
        let uid = std::sync::Arc::clone(&self.cursor.pod.uid);
        self.reader.sight.past(&uid, standing, at_most).await
    }

    fn pod_name(&mut self) -> Option<String> {
        if self.name.is_none() {
            let pod = self.reader.sight.pod(&self.cursor.pod.uid);
            self.name = pod.map(|pod| pod.name);
        }
        self.name.clone()
    }
}

/// A stream that is read.
struct Stream {
    lines: Lines,
    opened_at: Timestamp,
    /// Something is missing before what comes next.
    is_missing: bool,
}

impl Stream {
    fn ended(&self) -> Left {
        Left::Ended {
            settled: self.lines.is_settled() && !self.is_missing,
        }
    }
}
