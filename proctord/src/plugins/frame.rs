//! What the service and the process of a plugin say to each other: JSON, each message behind its length. Nothing
//! longer than a limit is sent or taken.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::contents::Contents;

/// The longest request or answer of a method. They are small: a user with groups.
pub(super) const LIMIT: usize = 1024 * 1024;
/// The longest message: a request or an answer, and what is said around it.
const MESSAGE_LIMIT: usize = LIMIT + 64 * 1024;

/// To the process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) method: String,
    pub(super) request: Box<RawValue>,
}

/// From the process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// The library was loaded, and says this.
    Loaded(Contents),
    /// The plugin was made and may be called.
    Ready,
    /// It was not.
    Unusable(String),
    Answer {
        number: u64,
        answer: Answer,
    },
}

impl Message {
    /// What kind of message it is; not what it says, which may be long and is not for a log.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Loaded(_) => "loaded",
            Self::Ready => "ready",
            Self::Unusable(_) => "unusable",
            Self::Answer { .. } => "answer",
        }
    }
}

/// The end of a call.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Answered(Box<RawValue>),
    Failed(String),
}

/// A message as it is sent.
pub(super) fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(message)?;
    let length = length(body.len())?;
    Ok([&length.to_be_bytes()[..], &body].concat())
}

fn length(length: usize) -> io::Result<u32> {
    let fits = u32::try_from(length)
        .ok()
        .filter(|_| length <= MESSAGE_LIMIT);
    fits.ok_or_else(|| {
        let message = format!("a message of {length} bytes is too long, {MESSAGE_LIMIT} may be");
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&encode(message)?)
}

/// The next message; `None` at the end.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; length(u32::from_be_bytes(head) as usize)? as usize];
    from.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

/// The next message; `None` at the end. Not to be given up half-way.
pub(super) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; length(u32::from_be_bytes(head) as usize)? as usize];
    from.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body)?))
}
