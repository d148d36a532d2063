//! What goes wrong on demand: refusals, latency, streams that break off or end too early. When it does is said by
//! the test; nothing here is random.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::refusal::Refusal;

/// What an open answer is a stream of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streamed {
    Watch,
    Log,
}

/// How often the open streams have been interrupted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Interruptions {
    cuts: u64,
    log_ends: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    refusals: Mutex<VecDeque<Refusal>>,
    latency: Mutex<Duration>,
    interruptions: watch::Sender<Interruptions>,
}

/// How a stream is interrupted.
enum Interruption {
    Cut,
    End,
}

impl Faults {
    /// The next requests are refused like this, one after the other.
    pub(crate) fn refuse(&self, requests: usize, refusal: &Refusal) {
        let refusals = std::iter::repeat_n(refusal.clone(), requests);
        locked(&self.refusals).extend(refusals);
    }

    /// Lets a request in, or refuses it.
    pub(crate) fn let_in(&self) -> Result<(), Refusal> {
        locked(&self.refusals).pop_front().map_or(Ok(()), Err)
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        *locked(&self.latency) = latency;
    }

    pub(crate) fn latency(&self) -> Duration {
        *locked(&self.latency)
    }

    /// Breaks the open streams off in the middle of their answers.
    pub(crate) fn cut(&self) {
        self.interruptions.send_modify(|told| told.cuts += 1);
    }

    /// Ends the open logs as if the containers had ended.
    pub(crate) fn end_logs(&self) {
        self.interruptions.send_modify(|told| told.log_ends += 1);
    }

    /// A stream that can be interrupted.
    pub(crate) fn interruptible(
        &self,
        what: Streamed,
        inner: impl Stream<Item = Result<Bytes, Infallible>> + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + 'static {
        let state = Some((Box::pin(inner), self.interruptions.subscribe()));
        stream::unfold(state, move |state| async move {
            let (mut inner, mut interruptions) = state?;
            tokio::select! {
                biased;
                interruption = next(&mut interruptions, what) => match interruption {
                    Interruption::Cut => Some((Err(io::ErrorKind::ConnectionReset.into()), None)),
                    Interruption::End => None,
                },
                piece = inner.next() => {
                    let Ok(piece) = piece?;
                    Some((Ok(piece), Some((inner, interruptions))))
                }
            }
        })
    }
}

async fn next(interruptions: &mut watch::Receiver<Interruptions>, what: Streamed) -> Interruption {
    loop {
        let before = *interruptions.borrow();
        if interruptions.changed().await.is_err() {
            return Interruption::Cut;
        }
        let now = *interruptions.borrow();
        if now.cuts != before.cuts {
            return Interruption::Cut;
        }
        if what == Streamed::Log && now.log_ends != before.log_ends {
            return Interruption::End;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
