//! One look at the files of a job's output. The order of the reads is what makes it correct: the end first, so
//! that nothing written before it is missed; then the bytes; then the attempts, which are always written before
//! the bytes that follow them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use proctor_shim::{Attempt, Folder};

use crate::conclusion;
use crate::error::WorkerError;
use crate::job;

/// Where a reader stands.
pub(super) struct Place {
    pub(super) folder: Folder,

    pub(super) offset: u64,
    pub(super) attempts_read: u64,
    pub(super) finished: bool,
}

/// What one look found.
pub(super) struct Segment {
    pub(super) bytes: Bytes,
    pub(super) attempts: Vec<Attempt>,
    pub(super) attempts_read: u64,
    pub(super) end: Option<End>,
}

/// The whole length, known once the job has ended.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) bytes: u64,
    pub(super) lost_bytes: Option<u64>,
}

impl Place {
    pub(super) fn read(self, max: usize) -> Result<Segment, WorkerError> {
        let known = conclusion::known(&self.folder)?;
        let file = self.open()?;
        let reading = WorkerError::io("read", &self.folder.output());
        let (bytes, length) = match &file {
            Some(file) => read_at(file, self.offset, max).map_err(reading)?,
            None => (Bytes::new(), 0),
        };
        if known.is_none() && bytes.is_empty() && !self.folder.path().exists() {
            return Err(self.absent());
        }
        let (attempts, attempts_read) = self.read_attempts()?;
        let end = match known {
            Some(job::End::Outcome(outcome)) => Some(End {
                bytes: length,
                lost_bytes: Some(
                    outcome.output_lost_bytes + outcome.output_bytes.saturating_sub(length),
                ),
            }),
            Some(job::End::Vanished) => Some(End {
                bytes: length,
                lost_bytes: None,
            }),
            None => self.finished.then_some(End {
                bytes: length,
                lost_bytes: None,
            }),
        };
        Ok(Segment {
            bytes,
            attempts,
            attempts_read,
            end,
        })
    }

    fn open(&self) -> Result<Option<File>, WorkerError> {
        let path = self.folder.output();
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(WorkerError::io("open", &path)(error))
            }
            Err(_) if self.folder.path().exists() => Ok(None),
            Err(_) => Err(self.absent()),
        }
    }

    fn absent(&self) -> WorkerError {
        WorkerError::Absent {
            path: self.folder.path().to_owned(),
        }
    }

    /// Whole lines after those read before.
    fn read_attempts(&self) -> Result<(Vec<Attempt>, u64), WorkerError> {
        let path = self.folder.attempts();
        let mut text = Vec::new();
        let read = File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.attempts_read))?;
            file.read_to_end(&mut text)
        });
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(WorkerError::io("read", &path)(error)),
        }
        let whole = text
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1);
        let lines = text[..whole]
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        let attempts = lines
            .map(|line| serde_json::from_slice(line).map_err(io::Error::from))
            .collect::<io::Result<_>>()
            .map_err(|source| WorkerError::Corrupt { path, source })?;
        Ok((attempts, self.attempts_read + whole as u64))
    }
}

fn read_at(file: &File, offset: u64, max: usize) -> io::Result<(Bytes, u64)> {
    let length = file.metadata()?.len();
    let available = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; available.min(max)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok((bytes.into(), length))
}
