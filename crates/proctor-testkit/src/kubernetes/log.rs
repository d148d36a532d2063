//! A Pod's log as a container runtime writes it and a kubelet rotates it: entries with the time at which each began.
//! What a reader is given of it is beside it. Everything is kept in memory; of rotated files only what is still read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use super::clock::Time;

mod reader;

pub(crate) use reader::Options;

/// A container runtime splits longer lines into several entries.
const LONGEST_ENTRY_BYTES: usize = 16 << 10;

/// When a kubelet rotates a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) largest_bytes: usize,
    /// How often it looks at the size.
    pub(crate) every: Duration,
}

/// A line or a part of one; only a line's last part ends with its newline.
#[derive(Debug, Clone)]
struct Entry {
    at: Timestamp,
    bytes: Bytes,
}

/// What has been written between two rotations.
#[derive(Debug, Default)]
struct File(Mutex<Vec<Entry>>);

impl File {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        locked(&self.0)
    }
}

#[derive(Debug)]
struct Content {
    file: Arc<File>,
    rotations: usize,
    size_bytes: usize,
    looked_at: Instant,
    pending: Vec<u8>,
    is_finished: bool,
}

#[derive(Debug)]
pub(crate) struct PodLog {
    time: Time,
    rotation: Option<Rotation>,
    content: Mutex<Content>,
    changed: watch::Sender<u64>,
}

impl PodLog {
    pub(crate) fn new(time: Time, rotation: Option<Rotation>) -> Self {
        Self {
            time,
            rotation,
            content: Mutex::new(Content {
                file: Arc::default(),
                rotations: 0,
                size_bytes: 0,
                looked_at: Instant::now(),
                pending: Vec::new(),
                is_finished: false,
            }),
            changed: watch::Sender::new(0),
        }
    }

    pub(crate) fn append(&self, bytes: &[u8]) {
        let mut content = self.content();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            content.take(piece, &self.time);
            content.rotate_if_due(self.rotation);
        }
        self.tell();
    }

    /// Stores the end of a line that will not come any more.
    pub(crate) fn flush(&self) {
        self.content().store_pending(&self.time);
        self.tell();
    }

    /// Nothing comes any more.
    pub(crate) fn finish(&self) {
        self.content().is_finished = true;
        self.tell();
    }

    /// Begins a new file, unless nothing has been written to the present one.
    pub(crate) fn rotate(&self) {
        self.content().rotate();
        self.tell();
    }

    fn tell(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        locked(&self.content)
    }
}

impl Content {
    /// Takes a piece that holds no newline but at its end.
    fn take(&mut self, piece: &[u8], time: &Time) {
        let ends_line = piece.ends_with(b"\n");
        let mut rest = &piece[..piece.len() - usize::from(ends_line)];
        while self.pending.len() + rest.len() > LONGEST_ENTRY_BYTES {
            let (part, after) = rest.split_at(LONGEST_ENTRY_BYTES - self.pending.len());
            self.pending.extend_from_slice(part);
            self.store_pending(time);
            rest = after;
        }
        self.pending.extend_from_slice(rest);
        if ends_line {
            self.pending.push(b'\n');
            self.store_pending(time);
        }
    }

    fn store_pending(&mut self, time: &Time) {
        if self.pending.is_empty() {
            return;
        }
        self.size_bytes += self.pending.len();
        let entry = Entry {
            at: time.now(),
            bytes: Bytes::from(std::mem::take(&mut self.pending)),
        };
        self.file.entries().push(entry);
    }

    fn rotate_if_due(&mut self, rotation: Option<Rotation>) {
        let Some(rotation) = rotation else {
            return;
        };
        if self.looked_at.elapsed() >= rotation.every {
            self.looked_at = Instant::now();
            if self.size_bytes > rotation.largest_bytes {
                self.rotate();
            }
        }
    }

    fn rotate(&mut self) {
        if self.size_bytes > 0 {
            self.file = Arc::default();
            self.rotations += 1;
            self.size_bytes = 0;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
