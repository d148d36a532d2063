//! The shim's side of the conversation: one JSON line per answer.

use std::io;
use std::os::fd::OwnedFd;

use proctor_shim::Answer;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::pipe;

/// Longer lines are not from our shim.
const LONGEST_LINE: u64 = 64 * 1024;

/// Reads answers until the shim closes its end.
#[derive(Debug)]
pub(super) struct Answers {
    pipe: BufReader<pipe::Receiver>,
}

impl Answers {
    pub(super) fn new(pipe: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            pipe: BufReader::new(pipe::Receiver::from_owned_fd(pipe)?),
        })
    }

    /// The next answer; `None` once there is no more, or no sense in it.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        let mut line = Vec::new();
        let mut limited = (&mut self.pipe).take(LONGEST_LINE);
        limited.read_until(b'\n', &mut line).await.ok()?;
        serde_json::from_slice(&line).ok()
    }
}
