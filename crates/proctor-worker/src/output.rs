//! Following a job's output: bytes by offset, attempts between them, and the end.
//!
//! A reader keeps its own place and opens the file for each read, so a slow one delays nobody and an idle one holds
//! no descriptor. It sleeps until the folder changes and never asks the clock.

mod segment;
mod watch;

use std::collections::VecDeque;

use std::sync::Arc;

use bytes::Bytes;
use proctor_shim::{Attempt, Folder};

use crate::blocking::blocking;
use crate::error::WorkerError;
use segment::{End, Segment};
use watch::Watch;
pub(crate) use watch::Watches;

/// One step of a job's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// What the command wrote, from this offset on.
    Bytes {
        /// Offset of the first byte.
        offset: u64,
        /// At most as many as were asked for.
        bytes: Bytes,
    },
    /// An attempt failed here and another follows.
    Attempt {
        /// Where the next attempt's output begins.
        offset: u64,
        /// Number of the attempt that failed, from 1.
        number: u32,
        /// The event in words.
        text: String,
    },
    /// There is no more; every further call says so again.
    End {
        /// Length of the whole output.
        bytes: u64,
        /// Bytes that the command wrote and that cannot be read: the disk never took them, or somebody
        /// cut the file. `None` if nobody knows, because the shim died first.
        lost_bytes: Option<u64>,
    },
}

/// Reads the output of one job, while it runs and after. See [`crate::Worker::output`].
#[derive(Debug)]
pub struct OutputReader {
    folder: Folder,
    watches: Arc<Watches>,
    watch: Option<Watch>,
    from: u64,
    offset: u64,

    attempts: VecDeque<Attempt>,
    attempts_read: u64,
    finished: bool,
}

impl OutputReader {
    pub(crate) fn new(folder: Folder, watches: Arc<Watches>, from: u64) -> Self {
        Self {
            folder,
            watches,
            watch: None,
            from,
            offset: from,
            attempts: VecDeque::new(),
            attempts_read: 0,
            finished: false,
        }
    }

    /// Where the next byte comes from.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Ends the output at its present length, for a job whose end the folder does not tell. Not needed after
    /// [`crate::Found::Vanished`] or [`crate::End::Vanished`], which readers notice by themselves.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next step, with at most `max` bytes; waits while there is none. Dropping the call loses nothing.
    pub async fn next(&mut self, max: usize) -> Result<Output, WorkerError> {
        loop {
            if let Some(attempt) = self.next_attempt() {
                return Ok(attempt);
            }
            // Before the look, so that a change after it is noticed.
            self.watch()?.mark_seen();
            let segment = self.read(max).await?;
            let end = segment.end;
            if let Some(output) = self.take(segment).or_else(|| self.next_attempt()) {
                return Ok(output);
            }
            if let Some(End { bytes, lost_bytes }) = end {
                return Ok(Output::End { bytes, lost_bytes });
            }
            if !self.watch()?.changed().await {
                self.watch = None;
            }
        }
    }

    /// The attempt that ended right here.
    fn next_attempt(&mut self) -> Option<Output> {
        let here = self.offset;
        let attempt = self.attempts.pop_front_if(|next| next.offset <= here)?;
        Some(Output::Attempt {
            offset: attempt.offset,
            number: attempt.attempt,
            text: attempt.text(),
        })
    }

    fn watch(&mut self) -> Result<&mut Watch, WorkerError> {
        match &mut self.watch {
            Some(watch) => Ok(watch),
            none => Ok(none.insert(self.watches.subscribe(self.folder.path())?)),
        }
    }

    async fn read(&self, max: usize) -> Result<Segment, WorkerError> {
        let place = segment::Place {
            folder: self.folder.clone(),
            offset: self.offset,
            attempts_read: self.attempts_read,
            finished: self.finished,
        };
        blocking(self.folder.path(), move || place.read(max.max(1))).await
    }

    /// Takes over what was read; bytes go only as far as the next attempt.
    fn take(&mut self, segment: Segment) -> Option<Output> {
        self.attempts_read = segment.attempts_read;
        let from = self.from;
        self.attempts.extend(
            segment
                .attempts
                .into_iter()
                .filter(|attempt| attempt.offset >= from),
        );
        let mut bytes = segment.bytes;
        if let Some(next) = self.attempts.front() {
            let room = next.offset.saturating_sub(self.offset);
            bytes.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        if bytes.is_empty() {
            return None;
        }
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Some(Output::Bytes { offset, bytes })
    }
}
