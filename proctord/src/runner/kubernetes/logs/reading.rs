//! The log of one Pod, read to its proven end: through streams that end too early, break off, hang or refuse, until
//! the container is known to have ended and a read that was begun after that has brought all there is.

mod stream;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::LogError;
use super::attempts::{self, Standing};
use super::cursor::{Cursor, Position};
use super::patience::Pauses;
use super::reader::Reader;
use super::source::SourceError;
use crate::telemetry::chain;
use stream::{Ended, Left};

/// How often a log whose container has ended is read without coming to the place that was reached before. Streams
/// that end too early are one reason, a rotation that took the place is another.
const UNPROVEN_READS: u32 = 5;

/// How a Pod's log came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Whole,
    Lost { why: String },
}

pub(super) struct Reading<'a> {
    reader: &'a mut Reader,
    cursor: Cursor,
    name: Option<String>,
    /// Since when nobody writes to it.
    closed_at: Option<Instant>,
    /// When a stream ended by itself, having come to all that was known; since then nothing new has come, and nothing
    /// was out of reach. What ends streams too early is a node or a server that goes, and then it cannot be reached.
    ended_at: Option<Timestamp>,
    /// The last stream was opened at once after one that had ended.
    is_asked_again: bool,
    /// Its container has been seen to run.
    has_run: bool,
    /// Reads since its end that have not come to the place that was reached before.
    unproven: u32,
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
            ended_at: None,
            is_asked_again: false,
            has_run: false,
            unproven: 0,
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
            Left::Ended(ended) if !follow => return Ok(self.closed(ended).await),
            Left::Ended(ended) => {
                self.note_end(ended);
                self.settle().await?;
                return Ok(None);
            }
            Left::Full => {
                self.reader.spool.drained().await;
                return Ok(None);
            }
            // Whoever has ended is asked once more; whoever runs is listened to anew.
            Left::Silent if follow => return Ok(None),
            Left::Silent => "it was not answered".to_owned(),
            Left::Failed(SourceError::Gone(_)) => {
                // How its container ended tells what the log was worth, and that may be yet to come into sight.
                let patience = self.reader.patience.unseen;
                self.past(Standing::Open, patience).await?;
                return Ok(Some(self.gone()));
            }
            Left::Failed(SourceError::Forbidden(source)) => {
                return Err(LogError::Forbidden(source));
            }
            Left::Failed(error) => {
                if !error.is_answer() {
                    self.ended_at = None;
                }
                self.failed(&error)
            }
            // A node answers in words, not in lines, where the container has just been removed.
            Left::Senseless(error) => self.failed(&error),
        };
        let patience = self.reader.patience.give_up;
        if self.closed_at.is_some_and(|at| at.elapsed() >= patience) {
            return Ok(Some(self.unreadable(why)));
        }
        tokio::time::sleep(self.pauses.next()).await;
        Ok(None)
    }

    /// Waits until a log whose stream has ended is asked for again. The first time that is at once: if the stream has
    /// ended too early, the container may be ended and its Pod removed before its status would come.
    async fn settle(&mut self) -> Result<(), LogError> {
        self.is_asked_again = !self.is_asked_again;
        if self.is_asked_again {
            return Ok(());
        }
        let settle = self.reader.patience.settle + self.pauses.next();
        self.past(Standing::Open, settle).await
    }

    /// Decides what the end of a read means that was begun after the container had ended. One that brings nothing new
    /// has proven that there is nothing; any other may itself have ended too early.
    async fn closed(&mut self, ended: Ended) -> Option<Outcome> {
        self.note_end(ended);
        match ended {
            Ended::Here => return Some(Outcome::Whole),
            Ended::Further => self.unproven = 0,
            Ended::Before => {
                self.unproven += 1;
                if self.unproven >= UNPROVEN_READS {
                    let why = "it was rotated before it was read".to_owned();
                    return Some(self.unreadable(why));
                }
                tokio::time::sleep(self.pauses.next()).await;
            }
        }
        None
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

    /// One that has not come to what was known takes nothing from an earlier one: of a container that is being removed
    /// a node gives less and less.
    fn note_end(&mut self, ended: Ended) {
        if ended != Ended::Before {
            self.ended_at = Some(Timestamp::now());
        }
    }

    /// What a log was worth that cannot be read on. Of a Pod that is being deleted a node removes the container, however
    /// long something else keeps the Pod itself.
    fn unreadable(&self, why: String) -> Outcome {
        let pod = self.reader.sight.pod(&self.cursor.pod.uid);
        match pod.is_some_and(|pod| pod.deletion.is_some()) {
            true => self.removed("its Pod was deleted before it was read"),
            false => Outcome::Lost { why },
        }
    }

    fn gone(&self) -> Outcome {
        self.removed("there is no such Pod any more")
    }

    /// What a log was worth that can be had no more. A stream that ended by itself after its container had is whole; a
    /// kubelet that restarts ends streams too, but then the container ends later.
    fn removed(&self, why: &str) -> Outcome {
        let pod = self.reader.sight.pod(&self.cursor.pod.uid);
        let finished_at = pod.as_ref().and_then(attempts::finished);
        match (finished_at, self.ended_at) {
            (Some(finished_at), Some(ended_at)) if finished_at <= ended_at => Outcome::Whole,
            _ => Outcome::Lost {
                why: why.to_owned(),
            },
        }
    }

    /// How the Pod stands; notes since when nobody writes to its log.
    fn standing(&mut self) -> Standing {
        let mut standing = self.reader.sight.standing(&self.cursor.pod);
        self.has_run |= standing == Standing::Open || self.cursor.position != Position::Beginning;
        if matches!(standing, Standing::Closed | Standing::Gone) && self.never_ran() {
            standing = Standing::Never;
        }
        match standing {
            Standing::Unborn | Standing::Open => self.closed_at = None,
            Standing::Closed | Standing::Never | Standing::Gone => {
                self.closed_at.get_or_insert_with(Instant::now);
            }
        }
        standing
    }

    /// Of a container that was never made its node says in the end only that it cannot be found, as it does of one
    /// that is lost.
    fn never_ran(&self) -> bool {
        let pod = self.reader.sight.pod(&self.cursor.pod.uid);
        !self.has_run && !self.reader.has_run && pod.is_some_and(|pod| attempts::is_not_found(&pod))
    }

    async fn past(&mut self, standing: Standing, at_most: Duration) -> Result<(), LogError> {
        let sight = &mut self.reader.sight;
        sight.past(&self.cursor.pod, standing, at_most).await
    }

    fn pod_name(&mut self) -> Option<String> {
        if self.name.is_none() {
            let pod = self.reader.sight.pod(&self.cursor.pod.uid);
            self.name = pod.map(|pod| pod.name);
        }
        self.name.clone()
    }
}
