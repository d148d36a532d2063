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
mod tests {
    use std::time::Duration;

    use futures::StreamExt;

    use super::*;
    use crate::kubernetes::clock::Time;
    use crate::kubernetes::log::Rotation;

    fn log(text: &str) -> Arc<PodLog> {
        let log = PodLog::new(Time::Real, None);
        log.append(text.as_bytes());
        log.flush();
        log.finish();
        Arc::new(log)
    }

    async fn read(log: &Arc<PodLog>, options: Options) -> String {
        let pieces = Arc::clone(log).read(options).collect::<Vec<_>>().await;
        let Ok(pieces) = pieces.into_iter().collect::<Result<Vec<_>, _>>();
        String::from_utf8(pieces.concat()).expect("it is text")
    }

    #[tokio::test]
    async fn a_long_line_is_several_entries_and_has_one_time() {
        let long = "x".repeat(40_000);
        let log = log(&format!("{long}\nshort\nend"));
        let timestamps = Options {
            timestamps: true,
            ..Options::default()
        };

        let told = read(&log, timestamps.clone()).await;
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 3);
        let time = "2026-01-01T00:00:00.000000000Z ".len();
        assert_eq!(lines[0][time..], long);
        assert_eq!((&lines[1][time..], &lines[2][time..]), ("short", "end"));
        assert!(told.ends_with("end"));

        // The third entry from the end is the last part of the long line, and is given a time for all that.
        let tail = Options {
            tail_lines: Some(3),
            ..timestamps
        };
        let told = read(&log, tail).await;
        let rest = 40_000 % (16 << 10);
        assert_eq!(told.lines().next().map(str::len), Some(time + rest));
    }

    #[tokio::test]
    async fn a_line_that_just_fits_is_one_entry() {
        let log = log(&format!("{}\nnext\n", "x".repeat(16 << 10)));
        let tail = Options {
            tail_lines: Some(2),
            ..Options::default()
        };
        assert_eq!(read(&log, tail).await.len(), (16 << 10) + 1 + 5);
    }

    #[tokio::test]
    async fn limits_cut_within_a_line_and_a_time_that_is_given_is_exact() {
        let log = log("one\ntwo\n");
        let limited = Options {
            limit_bytes: Some(5),
            follow: true,
            ..Options::default()
        };
        assert_eq!(read(&log, limited).await, "one\nt");

        let at = log.content().file.entries()[1].at;
        let since = Options {
            since: Some(at),
            ..Options::default()
        };
        assert!(read(&log, since).await.ends_with("two\n"));
        let later = Options {
            since: Some(at + jiff::SignedDuration::from_nanos(1)),
            ..Options::default()
        };
        assert_eq!(read(&log, later).await, "");
    }

    #[tokio::test]
    async fn who_has_read_everything_follows_a_rotation_and_a_plain_reader_gets_the_newest_file() {
        let log = Arc::new(PodLog::new(Time::Real, None));
        log.append(b"one\n");
        let follow = Options {
            follow: true,
            ..Options::default()
        };
        let mut follower = Box::pin(Arc::clone(&log).read(follow));
        assert_eq!(follower.next().await, Some(Ok(Bytes::from("one\n"))));

        log.rotate();
        log.append(b"two\n");
        assert_eq!(follower.next().await, Some(Ok(Bytes::from("two\n"))));
        log.rotate();
        // A file that is empty is not rotated.
        log.rotate();
        log.append(b"three\n");
        assert_eq!(read(&log, Options::default()).await, "three\n");
        log.finish();
        assert_eq!(follower.next().await, Some(Ok(Bytes::from("three\n"))));
        assert_eq!(follower.next().await, None);
    }

    #[tokio::test]
    async fn who_misses_a_file_gets_the_rest_of_the_old_one_and_no_end() {
        let log = Arc::new(PodLog::new(
            Time::Real,
            Some(Rotation {
                largest_bytes: 3,
                every: Duration::ZERO,
            }),
        ));
        let follow = Options {
            follow: true,
            ..Options::default()
        };
        let mut slow = Box::pin(Arc::clone(&log).read(follow));
        log.append(b"one\ntwo\nthree\n");
        log.finish();

        assert_eq!(slow.next().await, Some(Ok(Bytes::from("one\n"))));
        let quiet = Duration::from_millis(50);
        let more = tokio::time::timeout(quiet, slow.next()).await;
        assert!(more.is_err(), "{more:?}");
    }
}
