//! Files for what does not fit into memory. They have no names, so that nobody else finds them and nothing of them
//! outlives the process: what is in them is not masked yet.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use uuid::Uuid;

/// A file that has grown this long is followed by another: space is free again only when all of a file was read.
const LONGEST_FILE: u64 = 256 << 20;

/// Where what is spilled goes.
#[derive(Debug)]
pub(super) struct Spill {
    folder: PathBuf,
    /// The newest file and its length, while anybody needs it.
    current: Option<(Weak<File>, u64)>,
}

/// A part of such a file. With the last one of a file the file is gone.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    file: Arc<File>,
    at: u64,
    length: usize,
}

impl Spill {
    pub(super) fn to(folder: PathBuf) -> Self {
        Self {
            folder,
            current: None,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> io::Result<Stretch> {
        let current = self.current.as_ref().filter(|(_, end)| *end < LONGEST_FILE);
        let current = current.and_then(|(file, end)| Some((file.upgrade()?, *end)));
        let folder = self.folder.clone();
        let stretch = blocking(move || {
            let (file, at) = match current {
                Some(current) => current,
                None => (Arc::new(nameless(&folder)?), 0),
            };
            file.write_all_at(&bytes, at)?;
            let length = bytes.len();
            Ok(Stretch { file, at, length })
        })
        .await?;
        self.current = Some((
            Arc::downgrade(&stretch.file),
            stretch.at + stretch.length as u64,
        ));
        Ok(stretch)
    }
}

impl Stretch {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// So much of it from there on, or less if it ends before.
    pub(super) fn part(&self, from: usize, length: usize) -> Self {
        let from = from.min(self.length);
        Self {
            file: Arc::clone(&self.file),
            at: self.at + from as u64,
            length: length.min(self.length - from),
        }
    }
}

/// Reads stretches, one after the other.
pub(super) async fn read(stretches: Vec<Stretch>) -> io::Result<Bytes> {
    blocking(move || {
        let mut bytes = vec![0; stretches.iter().map(Stretch::len).sum()];
        let mut rest = &mut bytes[..];
        for stretch in &stretches {
            let (part, behind) = rest.split_at_mut(stretch.length);
            stretch.file.read_exact_at(part, stretch.at)?;
            rest = behind;
        }
        Ok(bytes.into())
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
}

fn nameless(folder: &Path) -> io::Result<File> {
    let mode = Mode::RUSR | Mode::WUSR;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags | OFlags::TMPFILE, mode) {
        Ok(file) => Ok(file.into()),
        // Some file systems have no files without a name.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
            let path = folder.join(format!("spill-{}", Uuid::new_v4()));
            let file = rustix::fs::open(&path, flags | OFlags::CREATE | OFlags::EXCL, mode)?;
            rustix::fs::unlink(&path)?;
            Ok(file.into())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::{Spill, read};

    #[tokio::test]
    async fn what_is_spilled_reads_back_and_leaves_nothing_that_has_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::to(folder.path().to_owned());

        let first = spill.write(b"first".to_vec()).await.unwrap();
        let second = spill.write(b"second".to_vec()).await.unwrap();

        let parts = vec![first.clone(), second.part(2, 3), second.part(5, 9)];
        assert_eq!(read(parts).await.unwrap(), "firstcond");
        let metadata = second.file.metadata().unwrap();
        assert_eq!((metadata.nlink(), metadata.mode() & 0o777), (0, 0o600));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(second.at, 5);
        drop((first, second));
        assert_eq!(spill.write(b"third".to_vec()).await.unwrap().at, 0);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        let mut spill = Spill::to("/nonexistent/spill".into());

        assert!(spill.write(b"lost".to_vec()).await.is_err());
    }
}
