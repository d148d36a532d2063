//! A proc's files as one tar archive that depends on nothing but their names, bytes and executable bits:
//! the same folder gives the same digest on every machine. Holds plain files only.

mod command;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use proctor_api::BUNDLE_LIMIT_BYTES;
use sha2::{Digest as _, Sha256};

pub use crate::bundle::command::{check_command, is_in_folder};

/// The most files that one bundle may have.
const FILE_LIMIT: usize = 1000;
/// What version control leaves in a folder.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// A folder cannot become a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("failed to read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is no plain file; links and special files cannot be published", .0.display())]
    NotPlain(PathBuf),
    #[error("{} has a name that is not UTF-8", .0.display())]
    Name(PathBuf),
    #[error(
        "the files add up to {bytes} bytes, more than {BUNDLE_LIMIT_BYTES}; the largest is {largest}"
    )]
    TooLarge { bytes: u64, largest: String },
    #[error("there are more than {FILE_LIMIT} files")]
    TooMany,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile {
    /// Relative to the folder, with `/` on every system.
    pub name: String,
    pub executable: bool,
    bytes: u64,
}

/// A folder as an archive with its address.
#[derive(Debug)]
pub struct Bundle {
    /// `sha256:` and the hex digest of the archive.
    pub digest: String,
    pub tar: Vec<u8>,
}

/// The files of a folder by name, within the limits of a bundle.
pub fn list(folder: &Path) -> Result<Vec<BundleFile>, BundleError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let unreadable = |source| BundleError::Read {
            path: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = file_name(&path)?;
            if VERSION_CONTROL.contains(&name.as_str()) {
                continue;
            }
            let name = format!("{prefix}{name}");
            let metadata = fs::symlink_metadata(&path).map_err(|source| BundleError::Read {
                path: path.clone(),
                source,
            })?;
            if metadata.is_dir() {
                folders.push((path, format!("{name}/")));
            } else if metadata.is_file() {
                files.push(BundleFile {
                    name,
                    executable: is_executable(&metadata),
                    bytes: metadata.len(),
                });
            } else {
                return Err(BundleError::NotPlain(path));
            }
        }
        if files.len() > FILE_LIMIT {
            return Err(BundleError::TooMany);
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

impl Bundle {
    /// Packs the files of the folder.
    pub fn pack(folder: &Path, files: &[BundleFile]) -> Result<Self, BundleError> {
        check_size(files)?;
        let mut archive = tar::Builder::new(Vec::new());
        for file in files {
            let path = folder.join(&file.name);
            append(&mut archive, &path, file)
                .map_err(|source| BundleError::Read { path, source })?;
        }
        let tar = archive.into_inner().map_err(|source| BundleError::Read {
            path: folder.to_owned(),
            source,
        })?;
        Ok(Self {
            digest: digest(&tar),
            tar,
        })
    }
}

fn check_size(files: &[BundleFile]) -> Result<(), BundleError> {
    let bytes = files.iter().map(|file| file.bytes).sum();
    if bytes <= BUNDLE_LIMIT_BYTES {
        return Ok(());
    }
    let largest = files.iter().max_by_key(|file| file.bytes);
    Err(BundleError::TooLarge {
        bytes,
        largest: largest.map(|file| file.name.clone()).unwrap_or_default(),
    })
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &Path, file: &BundleFile) -> io::Result<()> {
    let mut content = Vec::new();
    File::open(path)?
        .take(BUNDLE_LIMIT_BYTES + 1)
        .read_to_end(&mut content)?;
    if content.len() as u64 != file.bytes {
        return Err(io::Error::other("the file changed while it was read"));
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(file.bytes);
    header.set_mode(if file.executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    archive.append_data(&mut header, &file.name, content.as_slice())
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn file_name(path: &Path) -> Result<String, BundleError> {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .ok_or_else(|| BundleError::Name(path.to_owned()))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

/// Without executable bits, every file may be started.
#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests;
