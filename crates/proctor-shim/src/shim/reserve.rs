//! A small file whose space is taken before it is needed, so that a full disk cannot prevent it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use proctor_shim::record;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::Serialize;

const SPACE_BYTES: u64 = 4096;

/// Space for one record that is written once.
pub struct Reserve {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
}

impl Reserve {
    /// Takes the space, in the target's folder.
    pub fn take(temporary: &Path, target: &Path) -> io::Result<Self> {
        let mut file = File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(temporary)?;
        match fallocate(&file, FallocateFlags::empty(), 0, SPACE_BYTES) {
            // Some file systems cannot; writing is the next best thing.
            Err(Errno::OPNOTSUPP) => file.write_all(&[b' '; SPACE_BYTES as usize])?,
            taken => taken?,
        }
        Ok(Self {
            file,
            temporary: temporary.to_owned(),
            target: target.to_owned(),
        })
    }

    /// Puts the record in place, on disk for certain. After an error it may be tried again.
    pub fn commit<T: Serialize>(&mut self, record: &T) -> io::Result<()> {
        let text = serde_json::to_vec(record)?;
        self.file.write_all_at(&text, 0)?;
        self.file.set_len(text.len() as u64)?;
        self.file.sync_all()?;
        match fs::rename(&self.temporary, &self.target) {
            // Somebody removed it: the command runs beside these files.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return record::replace(&self.target, &self.temporary, record);
            }
            renamed => renamed?,
        }
        self.target.parent().map_or(Ok(()), record::sync_folder)
    }
}
