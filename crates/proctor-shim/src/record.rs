//! Small JSON files that are replaced whole, so that a reader sees the old one, the new one, or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a record; `None` if the file is missing. A file that is not such a record is `InvalidData`.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(invalid)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a record in place through `temporary`, which must lie in the same folder.
pub fn replace<T: Serialize>(path: &Path, temporary: &Path, record: &T) -> io::Result<()> {
    let text = serde_json::to_vec(record).map_err(invalid)?;
    let written = File::create(temporary)
        .and_then(|mut file| file.write_all(&text))
        .and_then(|()| fs::rename(temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(temporary);
    }
    written
}

/// Makes the names in a folder durable, after a file in it was created or renamed.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn invalid(error: serde_json::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
