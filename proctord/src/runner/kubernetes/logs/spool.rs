//! What was read of the logs and not handed out yet, between a reader that must never wait and a consumer that may
//! be slow. It holds a little in memory; the reader spills the rest to files.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use super::LogError;
use super::cursor::Cursor;
use super::spill::{self, Stretch};
use crate::runner::OutputItem;

/// Above this much memory what came last is spilled,
const MEMORY_BYTES: usize = 1 << 20;
/// down to this much.
const KEPT_BYTES: usize = MEMORY_BYTES / 2;
/// Bytes are put together to pieces of this size.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// Pieces in their order.
#[derive(Debug, Default)]
pub(super) struct Spool {
    state: Mutex<State>,
    pushed: Notify,
    popped: Notify,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    /// How many entries have been taken out: numbers the first that is in.
    taken: u64,
    in_memory: usize,
    closed: bool,
    failure: Option<LogError>,
}

#[derive(Debug)]
enum Entry {
    Bytes {
        content: Content,
        /// Where the reader stood behind them.
        to: Cursor,
    },
    Event(OutputItem),
}

#[derive(Debug)]
enum Content {
    Memory(BytesMut),
    Spilled(Stretch),
}

/// What is to be spilled: entries by number and length, and their bytes together.
#[derive(Debug)]
pub(super) struct Surplus {
    entries: Vec<(u64, usize)>,
    pub(super) bytes: Vec<u8>,
}

/// What stands first.
enum First {
    Item(OutputItem),
    /// Entries that were spilled.
    Spilled(Vec<Stretch>),
    Nothing,
    Closed(LogError),
}

impl Spool {
    /// Adds bytes, and where the reader stands behind them.
    pub(super) fn push_bytes(&self, bytes: &[u8], to: Cursor) {
        let mut state = self.state();
        state.in_memory += bytes.len();
        match state.entries.back_mut() {
            Some(Entry::Bytes {
                content: Content::Memory(content),
                to: last,
            }) if content.len() + bytes.len() <= PIECE_BYTES => {
                content.extend_from_slice(bytes);
                *last = to;
            }
            _ => state.entries.push_back(Entry::Bytes {
                content: Content::Memory(bytes.into()),
                to,
            }),
        }
        self.pushed.notify_one();
    }

    /// Adds anything but bytes.
    pub(super) fn push_event(&self, event: OutputItem) {
        self.state().entries.push_back(Entry::Event(event));
        self.pushed.notify_one();
    }

    /// Nothing follows; after what is in, the failure is told.
    pub(super) fn close(&self, failure: Option<LogError>) {
        let mut state = self.state();
        state.closed = true;
        state.failure = state.failure.take().or(failure);
        self.pushed.notify_one();
    }

    /// What should be spilled, if there is too much.
    pub(super) fn surplus(&self) -> Option<Surplus> {
        let state = self.state();
        if state.in_memory <= MEMORY_BYTES {
            return None;
        }
        let mut surplus = Surplus {
            entries: Vec::new(),
            bytes: Vec::new(),
        };
        let mut kept = 0;
        for (number, entry) in (state.taken..).zip(&state.entries) {
            if let Some(content) = entry.in_memory() {
                if kept < KEPT_BYTES {
                    kept += content.len();
                } else {
                    surplus.entries.push((number, content.len()));
                    surplus.bytes.extend_from_slice(content);
                }
            }
        }
        Some(surplus).filter(|surplus| !surplus.entries.is_empty())
    }

    /// The surplus is there now. What was taken out meanwhile, if only in part, stays as it is.
    pub(super) fn spilled(&self, entries: &Surplus, stretch: &Stretch) {
        let mut state = self.state();
        let mut at = 0;
        for (number, length) in &entries.entries {
            let part = stretch.part(at, *length);
            at += length;
            let index = number.checked_sub(state.taken);
            let index = index.and_then(|index| usize::try_from(index).ok());
            let Some(Entry::Bytes { content, .. }) =
                index.and_then(|index| state.entries.get_mut(index))
            else {
                continue;
            };
            if matches!(content, Content::Memory(bytes) if bytes.len() == *length) {
                *content = Content::Spilled(part);
                state.in_memory -= length;
            }
        }
    }

    /// Waits until everything has been taken out.
    pub(super) async fn drained(&self) {
        while !self.state().entries.is_empty() {
            self.popped.notified().await;
        }
    }

    /// Takes out what comes next, once there is something. Given up in between, it takes nothing.
    pub(super) async fn pop(&self, limit: usize) -> Result<OutputItem, LogError> {
        loop {
            let first = self.state().first(limit);
            let item = match first {
                First::Item(item) => item,
                First::Spilled(stretches) => {
                    let bytes = spill::read(stretches.clone()).await;
                    let bytes = bytes.map_err(LogError::Spilled)?;
                    let cursor = self.state().take(stretches.len());
                    OutputItem::Bytes { bytes, cursor }
                }
                First::Closed(failure) => return Err(failure),
                First::Nothing => {
                    self.pushed.notified().await;
                    continue;
                }
            };
            self.popped.notify_one();
            return Ok(item);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn first(&mut self, limit: usize) -> First {
        match self.entries.front() {
            None if self.closed => First::Closed(self.failure.take().unwrap_or(LogError::Ended)),
            None => First::Nothing,
            Some(Entry::Event(event)) => {
                let event = event.clone();
                self.take(1);
                First::Item(event)
            }
            Some(Entry::Bytes { content, .. }) => match content {
                Content::Memory(_) => First::Item(self.take_memory(limit)),
                Content::Spilled(_) => {
                    First::Spilled(self.run(limit, Entry::spilled, Stretch::len))
                }
            },
        }
    }

    /// Takes out the entries in memory that stand first.
    fn take_memory(&mut self, limit: usize) -> OutputItem {
        let run = self.run(limit, Entry::in_memory, |bytes| bytes.len());
        let count = run.len();
        let bytes: Bytes = match &run[..] {
            [one] => one.clone().freeze(),
            many => many.concat().into(),
        };
        self.in_memory -= bytes.len();
        let cursor = self.take(count);
        OutputItem::Bytes { bytes, cursor }
    }

    /// The first entries of one kind: the very first, and more as far as all together keep to the limit.
    fn run<T: Clone>(
        &self,
        limit: usize,
        of_kind: fn(&Entry) -> Option<&T>,
        length: fn(&T) -> usize,
    ) -> Vec<T> {
        let mut total = 0;
        let run = self
            .entries
            .iter()
            .map_while(of_kind)
            .take_while(|content| {
                let is_first = total == 0;
                total += length(content);
                is_first || total <= limit
            });
        run.cloned().collect()
    }

    /// Drops the first entries; tells where the reader stood behind them.
    fn take(&mut self, entries: usize) -> String {
        let mut cursor = String::new();
        for entry in self.entries.drain(..entries.min(self.entries.len())) {
            self.taken += 1;
            if let Entry::Bytes { to, .. } = entry {
                cursor = to.text();
            }
        }
        cursor
    }
}

impl Entry {
    fn in_memory(&self) -> Option<&BytesMut> {
        match self {
            Self::Bytes {
                content: Content::Memory(content),
                ..
            } => Some(content),
            _ => None,
        }
    }

    fn spilled(&self) -> Option<&Stretch> {
        match self {
            Self::Bytes {
                content: Content::Spilled(stretch),
                ..
            } => Some(stretch),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
