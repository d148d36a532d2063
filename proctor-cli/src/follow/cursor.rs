//! Where in a log its follower stands. Pure: knows offsets, no connection.

use proctor_api::LogEnd;

/// The next byte wanted of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    offset: u64,
    /// A gap was announced: the next bytes may begin further on.
    gap: bool,
}

/// Bytes of the log are missing, and nothing announced it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes {from} to {to} of the log are missing, and proctord did not say why")]
pub struct Hole {
    from: u64,
    to: u64,
}

impl Cursor {
    /// The offset of the next byte wanted.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes bytes that begin at the offset and gives back those that are new.
    pub fn accept<'a>(&mut self, offset: u64, bytes: &'a [u8]) -> Result<&'a [u8], Hole> {
        if offset > self.offset {
            if !self.gap {
                return Err(Hole {
                    from: self.offset,
                    to: offset,
                });
            }
            self.offset = offset;
        }
        let known = usize::try_from(self.offset - offset).unwrap_or(usize::MAX);
        let new = bytes.get(known..).unwrap_or_default();
        if !new.is_empty() {
            self.gap = false;
        }
        self.offset += new.len() as u64;
        Ok(new)
    }

    /// Bytes are missing here, and the service said so.
    pub fn allow_gap(&mut self) {
        self.gap = true;
    }

    /// Checks that the whole log is there, if it is told to be complete.
    pub fn finish(&self, end: &LogEnd) -> Result<(), Hole> {
        if end.log_complete && !self.gap && end.bytes > self.offset {
            return Err(Hole {
                from: self.offset,
                to: end.bytes,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proctor_api::{LogEnd, Status};

    use super::Cursor;

    fn end(bytes: u64, log_complete: bool) -> LogEnd {
        LogEnd {
            status: Status::Succeeded,
            exit_code: Some(0),
            signal: None,
            reason: None,
            bytes,
            log_complete,
        }
    }

    #[test]
    fn frames_that_follow_each_other_are_taken_whole() {
        let mut cursor = Cursor::default();

        assert_eq!(cursor.accept(0, b"abc"), Ok(b"abc".as_slice()));
        assert_eq!(cursor.accept(3, b"de"), Ok(b"de".as_slice()));
        assert_eq!(cursor.offset(), 5);
    }

    #[test]
    fn what_is_already_there_is_trimmed() {
        let mut cursor = Cursor::default();
        cursor.accept(0, b"abc").unwrap();

        assert_eq!(cursor.accept(1, b"bcdef"), Ok(b"def".as_slice()));
        assert_eq!(cursor.accept(0, b"abc"), Ok(b"".as_slice()));
        assert_eq!(cursor.accept(6, b""), Ok(b"".as_slice()));
        assert_eq!(cursor.offset(), 6);
    }

    #[test]
    fn a_hole_is_an_error_unless_a_gap_was_announced() {
        let mut cursor = Cursor::default();
        cursor.accept(0, b"abc").unwrap();

        assert!(cursor.accept(4, b"e").is_err());
        cursor.allow_gap();
        assert_eq!(cursor.accept(100, b"x"), Ok(b"x".as_slice()));
        assert!(cursor.accept(102, b"z").is_err());
    }

    #[test]
    fn an_end_that_tells_more_bytes_than_came_is_a_hole() {
        let mut cursor = Cursor::default();
        cursor.accept(0, b"abc").unwrap();

        assert!(cursor.finish(&end(3, true)).is_ok());
        assert!(cursor.finish(&end(4, true)).is_err());
        assert!(cursor.finish(&end(4, false)).is_ok());
    }

    #[test]
    fn any_way_of_cutting_and_resuming_gives_the_log_once() {
        let log: Vec<u8> = (0..=255).collect();
        for cut in 0..log.len() {
            let mut cursor = Cursor::default();
            let mut written = Vec::new();
            let resume = cut.saturating_sub(cut % 7);
            for (offset, bytes) in [(0, &log[..cut]), (resume, &log[resume..])] {
                written.extend_from_slice(cursor.accept(offset as u64, bytes).unwrap());
            }
            assert_eq!(written, log);
        }
    }
}
