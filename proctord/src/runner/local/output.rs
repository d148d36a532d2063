//! A job's output as the log pipeline reads it. The cursor says how many bytes and how many attempts have
//! been taken, so that neither comes twice.

use async_trait::async_trait;
use proctor_worker::{Output as JobOutput, OutputReader};
use thiserror::Error;

use crate::domain::execution::RunnerKind;
use crate::runner::{Output, OutputItem, RunnerError};

/// A place in a job's output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) offset: u64,
    attempts: u32,
}

/// A stored cursor that this runner did not write.
#[derive(Debug, Error)]
#[error("`{0}` is no place in a job's output")]
pub(super) struct CursorError(String);

impl Cursor {
    pub(super) fn parse(text: Option<&str>) -> Result<Self, CursorError> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        text.split_once('+')
            .and_then(|(offset, attempts)| {
                Some(Self {
                    offset: offset.parse().ok()?,
                    attempts: attempts.parse().ok()?,
                })
            })
            .ok_or_else(|| CursorError(text.to_owned()))
    }

    fn text(self) -> String {
        format!("{}+{}", self.offset, self.attempts)
    }
}

/// The output of one job.
pub(super) struct LocalOutput {
    reader: OutputReader,
    cursor: Cursor,
    execution: String,
}

impl LocalOutput {
    pub(super) fn new(reader: OutputReader, cursor: Cursor, execution: String) -> Self {
        Self {
            reader,
            cursor,
            execution,
        }
    }
}

#[async_trait]
impl Output for LocalOutput {
    async fn next(&mut self, limit: usize) -> Result<OutputItem, RunnerError> {
        loop {
            let output = self
                .reader
                .next(limit)
                .await
                .map_err(|source| RunnerError {
                    kind: RunnerKind::Local,
                    doing: "read the output of",
                    execution: self.execution.clone(),
                    source: Box::new(source),
                })?;
            match output {
                JobOutput::Bytes { offset, bytes } => {
                    self.cursor.offset = offset + bytes.len() as u64;
                    return Ok(OutputItem::Bytes {
                        bytes,
                        cursor: self.cursor.text(),
                    });
                }
                // The reader begins with every attempt from its first offset on; those taken are passed over.
                JobOutput::Attempt { number, .. } if number <= self.cursor.attempts => {}
                JobOutput::Attempt { number, text, .. } => {
                    self.cursor.attempts = number;
                    return Ok(OutputItem::Attempt {
                        text,
                        cursor: self.cursor.text(),
                    });
                }
                JobOutput::End { lost_bytes, .. } => {
                    return Ok(OutputItem::End {
                        complete: lost_bytes == Some(0),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let cursor = Cursor {
            offset: 1 << 40,
            attempts: 3,
        };

        assert_eq!(Cursor::parse(Some(&cursor.text())).unwrap(), cursor);
        assert_eq!(Cursor::parse(None).unwrap(), Cursor::default());
        for bad in ["", "7", "a+1", "1+", "-1+0"] {
            assert!(Cursor::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
