//! One stream of a Pod's log, taken as far as it goes.

use std::pin::pin;

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::warn;

use super::Reading;
use crate::runner::OutputItem;
use crate::runner::kubernetes::logs::LogError;
use crate::runner::kubernetes::logs::attempts;
use crate::runner::kubernetes::logs::cursor::{Place, Position};
use crate::runner::kubernetes::logs::lines::{LineError, Lines, Piece};
use crate::runner::kubernetes::logs::source::{SourceError, Wanted};
use crate::runner::kubernetes::logs::spool::PIECE_BYTES;

/// Kubelets look this often whether a log is to be rotated: what is older than that may be gone.
const ROTATION_SECONDS: i64 = 10;

/// What a stream that ended was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It has not come to the place that was looked for.
    Before,
    /// It has brought something new.
    Further,
    /// It has brought what was known and nothing else.
    Here,
}

/// Why a stream is read no further.
#[derive(Debug)]
pub(super) enum Left {
    /// It ended by itself.
    Ended(Ended),
    Silent,
    /// There is no room for more.
    Full,
    Failed(SourceError),
    Senseless(LineError),
}

impl Left {
    /// Whether the stream was there.
    pub(super) fn is_after_listening(&self) -> bool {
        matches!(
            self,
            Self::Ended(_) | Self::Silent | Self::Failed(SourceError::Broken(_))
        )
    }
}

impl Reading<'_> {
    /// Reads one stream as far as it goes.
    pub(super) async fn stream(&mut self, name: &str, follow: bool) -> Result<Left, LogError> {
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
            has_news: false,
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
        stream.has_news = true;
        self.ended_at = None;
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

    /// Whether the log may have had an earlier part that nobody has read.
    fn began_before(&self, stream: &Stream, piece: &Piece) -> bool {
        let pod = self.reader.sight.pod(&self.cursor.pod.uid);
        let began = pod.as_ref().and_then(attempts::began);
        began.is_some_and(|began| {
            let empty_until = self.empty_until.map_or(began, |until| until.max(began));
            is_late(piece.from.anchor(), stream.opened_at, empty_until)
        })
    }
}

/// Whether lines may have been rotated away before the first one that a stream brings: it had been written before
/// anybody listened, but not so soon after the log was empty that no file can have been full.
fn is_late(first: Timestamp, opened_at: Timestamp, empty_until: Timestamp) -> bool {
    first < opened_at && first.as_second() - empty_until.as_second() > ROTATION_SECONDS
}

/// A stream that is read.
struct Stream {
    lines: Lines,
    opened_at: Timestamp,
    /// Something is missing before what comes next.
    is_missing: bool,
    has_news: bool,
}

impl Stream {
    fn ended(&self) -> Left {
        Left::Ended(match self.lines.is_settled() && !self.is_missing {
            false => Ended::Before,
            true if self.has_news => Ended::Further,
            true => Ended::Here,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::is_late;

    #[test]
    fn a_beginning_may_be_missing_only_if_a_file_can_have_been_full_before_anybody_listened() {
        let at = |second| Timestamp::from_second(second).unwrap();

        assert!(is_late(at(130), at(140), at(100)));
        assert!(!is_late(at(110), at(140), at(100)), "soon after the start");
        assert!(!is_late(at(130), at(120), at(100)), "somebody listened");
        assert!(
            !is_late(at(130), at(140), at(125)),
            "it was empty just before"
        );
    }
}
