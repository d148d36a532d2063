//! From the command's pipe to `out.log`. A disk that refuses holds the command back; it never costs a byte while
//! the command runs.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::{Errno, read};

use super::note::note;
use super::waiting::{RETRIES, RETRY_DELAY, wait};

const BUFFER_BYTES: usize = 64 * 1024;

/// How long the output may stay open after everything that we know has ended.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// How long the disk may refuse after the command's end before output is given up.
const DISK_PATIENCE: Duration = RETRY_DELAY.saturating_mul(RETRIES);

/// More than a pipe holds.
const GIVE_UP_READS: usize = 64;

/// What one turn of copying has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Something was copied; there may be more.
    Moved,
    /// The pipe is empty for now.
    Empty,
    /// The pipe is empty for ever.
    Closed,
    /// The disk takes nothing before [`Log::retry_at`].
    Blocked,
}

/// The file, and what it has not taken yet.
pub struct Log {
    file: File,
    buffer: Box<[u8]>,
    pending: Range<usize>,
    written: u64,
    lost: u64,
    retry_at: Option<Instant>,
}

impl Log {
    /// Opens the file for appending.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            written: file.metadata()?.len(),
            file,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            pending: 0..0,
            lost: 0,
            retry_at: None,
        })
    }

    /// Bytes in the file.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes that were given up.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// When the disk is tried again, while it refuses.
    pub fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Copies once, as far as it goes without waiting.
    pub fn copy(&mut self, pipe: &OwnedFd, now: Instant) -> Flow {
        if self.retry_at.is_some_and(|at| now < at) {
            return Flow::Blocked;
        }
        if self.pending.is_empty() {
            match read(pipe, &mut *self.buffer) {
                Ok(0) => return Flow::Closed,
                Ok(length) => self.pending = 0..length,
                Err(Errno::AGAIN) => return Flow::Empty,
                Err(Errno::INTR) => return Flow::Moved,
                Err(errno) => {
                    note(&format!("failed to read the command's output: {errno}"));
                    return Flow::Closed;
                }
            }
        }
        self.write(now)
    }

    fn write(&mut self, now: Instant) -> Flow {
        while !self.pending.is_empty() {
            match self.file.write(&self.buffer[self.pending.clone()]) {
                Ok(length) if length > 0 => {
                    self.pending.start += length;
                    self.written += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                refused => {
                    if self.retry_at.is_none() {
                        note(&format!(
                            "failed to write the output, holding it back: {refused:?}"
                        ));
                    }
                    self.retry_at = Some(now + RETRY_DELAY);
                    return Flow::Blocked;
                }
            }
        }
        if self.retry_at.take().is_some() {
            note("the output is written again");
        }
        Flow::Moved
    }

    /// Takes what is left in the pipe once the command and its descendants are gone.
    pub fn drain(&mut self, pipe: &OwnedFd) {
        let ended = Instant::now();
        loop {
            let now = Instant::now();
            match self.copy(pipe, now) {
                Flow::Closed => return,
                // Somebody whom we do not know writes on and on.
                Flow::Moved if now >= ended + DISK_PATIENCE => return self.give_up(pipe),
                Flow::Moved => {}
                // Somebody whom we do not know holds it open.
                Flow::Empty if now >= ended + CLOSE_PATIENCE => return,
                Flow::Empty => {
                    wait([Some(pipe.as_fd())], Some(ended + CLOSE_PATIENCE));
                }
                Flow::Blocked if now >= ended + DISK_PATIENCE => return self.give_up(pipe),
                Flow::Blocked => {
                    wait::<0>([], self.retry_at);
                }
            }
        }
    }

    /// Gives up what the disk has not taken and what the pipe still holds.
    fn give_up(&mut self, pipe: &OwnedFd) {
        self.lost += self.pending.len() as u64;
        self.pending = 0..0;
        self.retry_at = None;
        for _ in 0..GIVE_UP_READS {
            match read(pipe, &mut *self.buffer) {
                Ok(length) if length > 0 => self.lost += length as u64,
                Err(Errno::INTR) => {}
                _ => break,
            }
        }
        note(&format!("gave up {} bytes of output", self.lost));
    }
}
