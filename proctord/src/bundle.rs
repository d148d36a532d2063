//! Bundles: a proc's files as one tar archive. What may be in one is decided here, once, for those who take
//! bundles in and for those who unpack them: plain files and folders only, nothing that leads out of the
//! folder, at most [`BUNDLE_LIMIT_BYTES`] in all.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use proctor_api::BUNDLE_LIMIT_BYTES;
use sha2::{Digest, Sha256};
use tar::{Archive, Entry, EntryType};
use thiserror::Error;

/// What Linux takes as one name.
const NAME_LIMIT_BYTES: usize = 255;
/// Leaves room for the folder that the bundle is unpacked in.
const PATH_LIMIT_BYTES: usize = 1024;
/// The most entries of one bundle.
const FILE_LIMIT: usize = 1000;

/// The digest by which a bundle is known: `sha256:` and hex.
#[must_use]
pub fn digest(archive: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(archive)
        .iter()
        .fold(String::from("sha256:"), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Why a bundle is not in place.
#[derive(Debug, Error)]
pub enum UnpackError {
    #[error(
        "the bundle's files have more than {BUNDLE_LIMIT_BYTES} bytes in all, or are more than {FILE_LIMIT}"
    )]
    TooLarge,
    #[error("the bundle is empty")]
    Empty,
    #[error("the bundle is no tar archive")]
    NoArchive { source: io::Error },
    #[error("the bundle holds {path}, which is no file or folder that can be below it")]
    Forbidden { path: String },
    #[error("could not write {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Unpacks into the private work folder of a run, readable and executable but not writable; what an earlier
/// try left there is replaced.
///
/// # Errors
/// What is wrong with the archive, or the file that could not be written.
pub async fn unpack(archive: Bytes, folder: PathBuf) -> Result<(), UnpackError> {
    let place = folder.clone();
    tokio::task::spawn_blocking(move || unpack_blocking(&archive, &folder))
        .await
        .map_err(|error| UnpackError::Io {
            path: place,
            source: io::Error::other(error),
        })?
}

/// Reads an archive through and refuses what could not be unpacked; writes nothing.
///
/// # Errors
/// What is wrong with it.
pub fn check(archive: &[u8]) -> Result<(), UnpackError> {
    let mut archive = Archive::new(archive);
    let entries = archive
        .entries()
        .map_err(|source| UnpackError::NoArchive { source })?;
    let mut bytes = 0_u64;
    let mut files = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for (index, entry) in entries.enumerate() {
        let entry = entry.map_err(|source| UnpackError::NoArchive { source })?;
        let path = safe_path(&entry)?;
        bytes = bytes.saturating_add(entry.size());
        if index >= FILE_LIMIT || bytes > BUNDLE_LIMIT_BYTES {
            return Err(UnpackError::TooLarge);
        }
        folders.extend(path.ancestors().skip(1).map(Path::to_owned));
        if entry.header().entry_type() == EntryType::Directory {
            folders.insert(path);
        } else {
            files.insert(path);
        }
    }
    if files.is_empty() {
        return Err(UnpackError::Empty);
    }
    match files.intersection(&folders).next() {
        Some(both) => Err(UnpackError::Forbidden {
            path: both.display().to_string(),
        }),
        None => Ok(()),
    }
}

fn unpack_blocking(archive: &[u8], folder: &Path) -> Result<(), UnpackError> {
    let mut archive = Archive::new(archive);
    for entry in archive
        .entries()
        .map_err(|source| UnpackError::NoArchive { source })?
    {
        let mut entry = entry.map_err(|source| UnpackError::NoArchive { source })?;
        let path = folder.join(safe_path(&entry)?);
        let wrote = match entry.header().entry_type() {
            EntryType::Directory => fs::create_dir_all(&path),
            _ => write_file(&mut entry, &path),
        };
        wrote.map_err(|source| UnpackError::Io { path, source })?;
    }
    Ok(())
}

fn write_file(entry: &mut Entry<'_, &[u8]>, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let executable = entry.header().mode()? & 0o111 != 0;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    io::copy(entry, &mut file)?;
    file.set_permissions(Permissions::from_mode(if executable {
        0o555
    } else {
        0o444
    }))
}

/// The entry's path if it is one for a plain file or folder that stays below the bundle.
fn safe_path(entry: &Entry<'_, &[u8]>) -> Result<PathBuf, UnpackError> {
    let forbidden = || UnpackError::Forbidden {
        path: String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
    };
    let path = entry.path().map_err(|_| forbidden())?;
    let plain = matches!(
        entry.header().entry_type(),
        EntryType::Regular | EntryType::Directory
    );
    let parts = || path.components().filter(|part| *part != Component::CurDir);
    let fits = |part: Component<'_>| matches!(part, Component::Normal(name) if name.len() <= NAME_LIMIT_BYTES);
    let below = parts().all(fits)
        && parts().next().is_some()
        && path.as_os_str().len() <= PATH_LIMIT_BYTES
        && entry.header().mode().is_ok();
    if plain && below {
        Ok(path.into_owned())
    } else {
        Err(forbidden())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{check, unpack_blocking};

    fn archive(entries: &[(&str, tar::EntryType, u32, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, mode, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_are_read_only_and_keep_their_executable_bit() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = archive(&[
            ("run.sh", tar::EntryType::Regular, 0o755, b"#!/bin/sh\n"),
            ("data/names.txt", tar::EntryType::Regular, 0o644, b"a\n"),
        ]);

        unpack_blocking(&bundle, folder.path()).unwrap();
        unpack_blocking(&bundle, folder.path()).unwrap();

        let mode = |path: &str| {
            folder
                .path()
                .join(path)
                .metadata()
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode("run.sh"), 0o555);
        assert_eq!(mode("data/names.txt"), 0o444);
        assert_eq!(
            std::fs::read(folder.path().join("data/names.txt")).unwrap(),
            b"a\n"
        );
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for (path, kind) in [
            ("../evil", tar::EntryType::Regular),
            ("/etc/evil", tar::EntryType::Regular),
            ("link", tar::EntryType::Symlink),
            ("link", tar::EntryType::Link),
            ("fifo", tar::EntryType::Fifo),
        ] {
            let bundle = archive(&[(path, kind, 0o644, b"")]);
            let error = unpack_blocking(&bundle, folder.path())
                .unwrap_err()
                .to_string();
            assert!(error.contains(path), "{error}");
            assert_eq!(check(&bundle).unwrap_err().to_string(), error);
        }
        assert!(check(b"not an archive at all").is_err());
    }
}
