//! Streams that can be interrupted: broken off, ended too early, left hanging; and what a plan does to them.

use std::convert::Infallible;
use std::future;
use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::{Faults, Interruptions, StreamFaults};

/// What an open answer is a stream of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streamed {
    Watch,
    Log,
}

/// How a stream is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interruption {
    Cut,
    End,
    Hang,
    Release,
}

/// The interruptions, and how far they have been seen.
struct Watched {
    told: watch::Receiver<Interruptions>,
    seen: Interruptions,
}

struct Interruptible<S> {
    inner: S,
    what: Streamed,
    interruptions: Watched,
    planned: StreamFaults,
    hangs: bool,
}

impl Faults {
    /// A stream that can be interrupted.
    pub(crate) fn interruptible(
        &self,
        what: Streamed,
        planned: StreamFaults,
        inner: impl Stream<Item = Result<Bytes, Infallible>> + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + 'static {
        let told = self.interruptions.subscribe();
        let seen = *told.borrow();
        let state = Some(Interruptible {
            inner: Box::pin(inner),
            what,
            interruptions: Watched { told, seen },
            planned,
            hangs: false,
        });
        stream::unfold(state, |state| async move {
            let mut stream = state?;
            match stream.next().await {
                Some(Ok(piece)) => Some((Ok(piece), Some(stream))),
                Some(Err(error)) => Some((Err(error), None)),
                None => None,
            }
        })
    }
}

impl<S: Stream<Item = Result<Bytes, Infallible>> + Unpin> Interruptible<S> {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let hangs = self.hangs;
            tokio::select! {
                biased;
                interruption = self.interruptions.next(self.what) => match interruption {
                    Interruption::Cut => return broken().await,
                    Interruption::Release if hangs => return broken().await,
                    Interruption::End if !hangs => return None,
                    Interruption::Hang => self.hangs = true,
                    Interruption::End | Interruption::Release => {}
                },
                piece = piece(&mut self.inner, hangs) => {
                    let piece = piece?;
                    if self.planned.cut() {
                        return broken().await;
                    }
                    let piece = self.planned.applied(piece);
                    if !piece.is_empty() {
                        return Some(Ok(piece));
                    }
                }
            }
        }
    }
}

/// What was told before is sent before it is broken off.
async fn broken() -> Option<io::Result<Bytes>> {
    tokio::task::yield_now().await;
    Some(Err(io::ErrorKind::ConnectionReset.into()))
}

async fn piece<S>(inner: &mut S, hangs: bool) -> Option<Bytes>
where
    S: Stream<Item = Result<Bytes, Infallible>> + Unpin,
{
    if hangs {
        return future::pending().await;
    }
    let Ok(piece) = inner.next().await?;
    Some(piece)
}

impl Watched {
    /// The next interruption, also one that came while nobody waited for it.
    async fn next(&mut self, what: Streamed) -> Interruption {
        loop {
            let now = *self.told.borrow_and_update();
            let before = std::mem::replace(&mut self.seen, now);
            let (is_log, is_watch) = (what == Streamed::Log, what == Streamed::Watch);
            if now.cuts != before.cuts {
                return Interruption::Cut;
            }
            if is_log && now.log_ends != before.log_ends {
                return Interruption::End;
            }
            if is_log && now.log_hangs != before.log_hangs
                || is_watch && now.watch_hangs != before.watch_hangs
            {
                return Interruption::Hang;
            }
            if now.releases != before.releases {
                return Interruption::Release;
            }
            if self.told.changed().await.is_err() {
                return Interruption::Cut;
            }
        }
    }
}
