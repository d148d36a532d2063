//! The body of the answer: pieces of the log in the form that the client reads.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::logs::Follower;
use crate::store::{LogSlice, StoreError, StoredChunk};
use crate::telemetry::chain;

/// How the log is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Its bytes alone.
    Bytes,
    /// A line of JSON for each piece and each event.
    Lines,
}

/// Why the answer breaks off: without this, the client would take what it has for the whole.
#[derive(Debug, Error)]
pub(super) enum Cut {
    #[error("the service stops")]
    Stopping,
    #[error("the log cannot be read on")]
    Store(#[source] StoreError),
    #[error("a piece of the log cannot be written")]
    Json(#[source] serde_json::Error),
}

/// A log that is being read.
pub(super) struct Reading {
    follower: Follower,
    form: Form,
    /// Where to stop; without it, at the end event.
    until: Option<u64>,
    shutdown: CancellationToken,
    ready: VecDeque<Bytes>,
    first: Option<LogSlice>,
}

/// Bytes as they stand in a line of JSON.
#[derive(Serialize)]
struct Line {
    offset: u64,
    bytes: String,
}

impl Reading {
    pub(super) fn new(
        follower: Follower,
        form: Form,
        until: Option<u64>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            follower,
            form,
            until,
            shutdown,
            ready: VecDeque::new(),
            first: None,
        }
    }

    /// The same behind a piece that has been read.
    pub(super) fn after(mut self, first: Option<LogSlice>) -> Self {
        self.first = first;
        self
    }

    /// The body.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Cut>> {
        futures::stream::unfold(Some(self), |reading| async {
            let mut reading = reading?;
            match reading.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(reading))),
                Ok(None) => None,
                Err(cut) => {
                    error!(error = chain(&cut), "an answer with a log breaks off");
                    Some((Err(cut), None))
                }
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            let slice = match self.first.take() {
                Some(slice) => Some(slice),
                None => self.read().await?,
            };
            match slice {
                Some(slice) => self.write(slice)?,
                None => return Ok(None),
            }
        }
    }

    async fn read(&mut self) -> Result<Option<LogSlice>, Cut> {
        let read = match self.until {
            None => tokio::select! {
                read = self.follower.next() => read,
                () = self.shutdown.cancelled() => return Err(Cut::Stopping),
            },
            // What comes while the client reads is not waited for, but the end event is told if it is there.
            Some(until) if self.follower.offset() > until => Ok(None),
            Some(_) => self.follower.next_now().await,
        };
        read.map_err(Cut::Store)
    }

    fn write(&mut self, slice: LogSlice) -> Result<(), Cut> {
        match self.form {
            Form::Bytes => self
                .ready
                .extend(slice.chunks.into_iter().map(|chunk| chunk.bytes)),
            Form::Lines => {
                for part in slice.into_parts() {
                    let line = match part {
                        Ok(chunk) => line(&Line::of(&chunk))?,
                        Err(event) => line(&event)?,
                    };
                    self.ready.push_back(line);
                }
            }
        }
        Ok(())
    }
}

impl Line {
    fn of(chunk: &StoredChunk) -> Self {
        Self {
            offset: chunk.offset,
            bytes: STANDARD.encode(&chunk.bytes),
        }
    }
}

fn line(value: &impl Serialize) -> Result<Bytes, Cut> {
    let mut json = serde_json::to_vec(value).map_err(Cut::Json)?;
    json.push(b'\n');
    Ok(json.into())
}
