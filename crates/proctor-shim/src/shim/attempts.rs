//! Attempts: how one ended, what is written down about it, and how long to wait before the next.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use proctor_shim::{Attempt, Ended, Folder, ProcessIdentity};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::process::WaitStatus;

use super::note::note;

const LONGEST_DELAY: Duration = Duration::from_secs(6 * 60);

/// Room for dozens of lines on a disk that is full later.
const SPACE_BYTES: u64 = 4096;

/// More than an identity takes.
const COMMAND_BYTES: usize = 256;

/// How one attempt ended, and when.
#[derive(Clone, Copy, Debug)]
pub struct AttemptEnd {
    /// By itself or by a signal.
    pub ended: Ended,
    /// Whether the signal left a core file.
    pub core_dumped: bool,
    /// Wall clock.
    pub at_ms: u64,
}

impl AttemptEnd {
    /// Reads the kernel's word.
    pub fn new(status: WaitStatus, at_ms: u64) -> Self {
        let ended = match status.terminating_signal() {
            Some(number) => Ended::Signal(number),
            None => Ended::Exit(status.exit_status().unwrap_or_default()),
        };
        Self {
            ended,
            core_dumped: libc::WCOREDUMP(status.as_raw()),
            at_ms,
        }
    }

    /// Whether there is no reason to try again.
    pub fn is_success(&self) -> bool {
        self.ended == Ended::Exit(0)
    }
}

/// What is written down about attempts; nothing at all for a job with one.
pub struct Attempts {
    files: Option<Files>,
}

struct Files {
    /// Tells readers of the output where one attempt ended and the next begins.
    ended: File,
    /// Tells the worker whom a dead shim may have left behind.
    command: File,
}

impl Attempts {
    /// Opens the files, if there can ever be a second attempt.
    pub fn open(folder: &Folder, retries: u32) -> io::Result<Self> {
        if retries == 0 {
            return Ok(Self { files: None });
        }
        let open =
            |options: &mut OpenOptions, path: &Path| options.create(true).mode(0o600).open(path);
        let ended = open(File::options().append(true), &folder.attempts())?;
        // Not every file system can; then a full disk may cost lines.
        let _ = fallocate(&ended, FallocateFlags::KEEP_SIZE, 0, SPACE_BYTES);
        let command = open(File::options().write(true), &folder.command())?;
        command.write_all_at(&[b' '; COMMAND_BYTES], 0)?;
        Ok(Self {
            files: Some(Files { ended, command }),
        })
    }

    /// Notes the process of a later attempt, in the space taken at the start.
    pub fn begin(&mut self, process: &ProcessIdentity) -> io::Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        let mut text = serde_json::to_vec(process)?;
        text.resize(COMMAND_BYTES.max(text.len()), b' ');
        files.command.write_all_at(&text, 0)
    }

    /// Writes one line, whole or not at all.
    pub fn append(&mut self, attempt: &Attempt) {
        let Some(Files { ended: file, .. }) = &mut self.files else {
            return;
        };
        let written = file.metadata().and_then(|before| {
            let mut line = serde_json::to_vec(attempt)?;
            line.push(b'\n');
            file.write_all(&line).inspect_err(|_| {
                // Half a line would spoil the next one.
                let _ = file.set_len(before.len());
            })
        });
        if let Err(error) = written {
            note(&format!(
                "failed to note attempt {}: {error}",
                attempt.attempt
            ));
        }
    }
}

/// The pause after the attempt of this number: doubling, within reason.
pub fn retry_delay(first: Duration, number: u32) -> Duration {
    let factor = 2_u32
        .checked_pow(number.saturating_sub(1))
        .unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_six_minutes() {
        let first = Duration::from_secs(10);
        let after = |number| retry_delay(first, number).as_secs();

        assert_eq!([after(1), after(2), after(3)], [10, 20, 40]);
        assert_eq!([after(7), after(40), after(u32::MAX)], [360, 360, 360]);
        assert_eq!(retry_delay(Duration::ZERO, u32::MAX), Duration::ZERO);
        assert_eq!(retry_delay(Duration::MAX, 2), LONGEST_DELAY);
    }
}
