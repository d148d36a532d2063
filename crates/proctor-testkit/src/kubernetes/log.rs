//! A Pod's log: lines with the time at which each began, and what a reader who asks for a part of it is given. It is
//! kept in memory and never rotated.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::clock::Time;

/// A container runtime splits longer lines.
const LONGEST_PART_BYTES: usize = 16 << 10;

#[derive(Debug, Clone)]
struct Part {
    at: Timestamp,
    bytes: Bytes,
    begins_line: bool,
}

#[derive(Debug, Default)]
struct Content {
    parts: Vec<Part>,
    pending: Vec<u8>,
    is_finished: bool,
}

#[derive(Debug)]
pub(crate) struct PodLog {
    time: Time,
    content: Mutex<Content>,
    changed: watch::Sender<usize>,
}

/// What a reader asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) follow: bool,
    pub(crate) timestamps: bool,
    /// Of it only the whole seconds count.
    pub(crate) since: Option<Timestamp>,
    pub(crate) tail_lines: Option<usize>,
    pub(crate) limit_bytes: Option<usize>,
}

impl PodLog {
    pub(crate) fn new(time: Time) -> Self {
        Self {
            time,
            content: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    pub(crate) fn append(&self, bytes: &[u8]) {
        let mut content = self.content();
        for &byte in bytes {
            content.pending.push(byte);
            if byte == b'\n' || content.pending.len() == LONGEST_PART_BYTES {
                content.take_pending(self.time.now());
            }
        }
        self.changed.send_replace(content.parts.len());
    }

    /// Stores the end of a line that will not come any more.
    pub(crate) fn flush(&self) {
        let mut content = self.content();
        content.take_pending(self.time.now());
        self.changed.send_replace(content.parts.len());
    }

    /// Nothing comes any more.
    pub(crate) fn finish(&self) {
        let mut content = self.content();
        content.is_finished = true;
        self.changed.send_replace(content.parts.len());
    }

    /// What a reader is given, piece by piece.
    pub(crate) fn read(
        self: Arc<Self>,
        options: Options,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let next = self.content().begin(&options);
        let reader = Reader {
            changed: self.changed.subscribe(),
            next,
            left: options.limit_bytes.unwrap_or(usize::MAX),
            pieces: VecDeque::new(),
            is_over: false,
            log: self,
            options,
        };
        stream::unfold(reader, |mut reader| async move {
            let piece = reader.next().await?;
            Some((Ok(piece), reader))
        })
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn take_pending(&mut self, at: Timestamp) {
        if self.pending.is_empty() {
            return;
        }
        let begins_line = self
            .parts
            .last()
            .is_none_or(|before| before.bytes.ends_with(b"\n"));
        self.parts.push(Part {
            at,
            bytes: Bytes::from(std::mem::take(&mut self.pending)),
            begins_line,
        });
    }

    /// The first part that a reader is given.
    fn begin(&self, options: &Options) -> usize {
        let Some(lines) = options.tail_lines else {
            return 0;
        };
        let beginnings = (0..self.parts.len()).rev();
        match lines.checked_sub(1) {
            None => self.parts.len(),
            Some(skipped) => beginnings
                .filter(|at| self.parts[*at].begins_line)
                .nth(skipped)
                .unwrap_or(0),
        }
    }
}

struct Reader {
    log: Arc<PodLog>,
    options: Options,
    changed: watch::Receiver<usize>,
    next: usize,
    left: usize,
    pieces: VecDeque<Bytes>,
    is_over: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Some(piece);
            }
            if self.is_over {
                return None;
            }
            self.changed.borrow_and_update();
            self.take();
            if self.pieces.is_empty() && !self.is_over && self.changed.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Takes what is there.
    fn take(&mut self) {
        let content = self.log.content();
        let since = self.options.since.map(Timestamp::as_second);
        for part in &content.parts[self.next..] {
            if since.is_some_and(|since| part.at.as_second() < since) {
                continue;
            }
            let mut piece = Vec::with_capacity(part.bytes.len() + 32);
            if self.options.timestamps && part.begins_line {
                piece.extend_from_slice(format!("{:.9} ", part.at).as_bytes());
            }
            piece.extend_from_slice(&part.bytes);
            piece.truncate(self.left);
            self.left -= piece.len();
            if !piece.is_empty() {
                self.pieces.push_back(Bytes::from(piece));
            }
        }
        self.next = content.parts.len();
        self.is_over = content.is_finished || !self.options.follow || self.left == 0;
    }
}
