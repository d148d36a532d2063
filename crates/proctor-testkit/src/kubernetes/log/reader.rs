//! What a reader is given of a log, with the kubelet's peculiarities: parts of it are chosen by entries and not by
//! lines, and who is slow when files are rotated loses what lies between and is never told the end.

use std::convert::Infallible;
use std::future;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Entry, File, PodLog};

/// About as much is handed on at a time; who does not take it is behind.
const PIECE_BYTES: usize = 32 << 10;

/// What a reader asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) follow: bool,
    pub(crate) timestamps: bool,
    pub(crate) since: Option<Timestamp>,
    /// Of the newest file so many entries: a long line is several.
    pub(crate) tail_lines: Option<usize>,
    pub(crate) limit_bytes: Option<usize>,
}

impl PodLog {
    /// What a reader is given, piece by piece.
    pub(crate) fn read(
        self: Arc<Self>,
        options: Options,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let reader = Reader::new(self, options);
        stream::unfold(reader, |mut reader| async move {
            let piece = reader.next().await?;
            Some((Ok(piece), reader))
        })
    }
}

struct Reader {
    log: Arc<PodLog>,
    options: Options,
    changed: watch::Receiver<u64>,
    file: Arc<File>,
    /// How many rotations came before that file.
    rotations: usize,
    next: usize,
    begins_line: bool,
    left: usize,
}

/// Where a reader stands that has taken all of its file.
enum Standing {
    /// More will come.
    Waits,
    /// There is a next file.
    GoesOn,
    /// It has missed at least one file.
    IsStuck,
    IsDone,
}

impl Reader {
    fn new(log: Arc<PodLog>, options: Options) -> Self {
        let changed = log.changed.subscribe();
        let (file, rotations) = {
            let content = log.content();
            (Arc::clone(&content.file), content.rotations)
        };
        let present = file.entries().len();
        let tail = options.tail_lines.unwrap_or(present);
        Self {
            changed,
            file,
            rotations,
            next: present.saturating_sub(tail),
            begins_line: true,
            left: options.limit_bytes.unwrap_or(usize::MAX),
            log,
            options,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.changed.borrow_and_update();
            let standing = self.standing();
            let piece = self.take();
            if !piece.is_empty() {
                return Some(piece);
            }
            match standing {
                Standing::IsDone => return None,
                Standing::IsStuck => future::pending().await,
                Standing::GoesOn => self.go_on(),
                Standing::Waits => self.changed.changed().await.ok()?,
            }
        }
    }

    /// Where it stands if nothing is left to take. It is looked at first: what comes between is told as a change.
    fn standing(&self) -> Standing {
        let content = self.log.content();
        if self.left == 0 || !self.options.follow {
            return Standing::IsDone;
        }
        match content.rotations - self.rotations {
            0 if content.is_finished => Standing::IsDone,
            0 => Standing::Waits,
            1 => Standing::GoesOn,
            _ => Standing::IsStuck,
        }
    }

    /// Takes up the next file, unless that one has been rotated too meanwhile.
    fn go_on(&mut self) {
        let content = self.log.content();
        if content.rotations == self.rotations + 1 {
            self.file = Arc::clone(&content.file);
            self.rotations = content.rotations;
            self.next = 0;
        }
    }

    /// Takes some of what is there.
    fn take(&mut self) -> Bytes {
        let file = Arc::clone(&self.file);
        let entries = file.entries();
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES
            && self.left > 0
            && let Some(entry) = entries.get(self.next)
        {
            self.next += 1;
            let before = piece.len();
            self.write(entry, &mut piece);
            piece.truncate(before + self.left);
            self.left -= piece.len() - before;
        }
        piece.into()
    }

    fn write(&mut self, entry: &Entry, piece: &mut Vec<u8>) {
        let begins_line = self.begins_line;
        self.begins_line = entry.bytes.ends_with(b"\n");
        if self.options.since.is_some_and(|since| entry.at < since) {
            return;
        }
        if self.options.timestamps && begins_line {
            piece.extend_from_slice(format!("{:.9} ", entry.at).as_bytes());
        }
        piece.extend_from_slice(&entry.bytes);
    }
}

#[cfg(test)]
mod tests;
