//! Turns what a runner hands out into what is appended: bytes masked, attempts at their places, and a cursor
//! by which the upstream is read again without a byte lost or doubled. Bytes that are held back are not in
//! the store, so the cursor stays before them: it is the runner's own behind the last piece that is out
//! whole, and how much of what follows is out as well. Pure.

use std::collections::VecDeque;

use proctor_api::{LogEvent, LogEventKind};

use super::mask::Masker;
use crate::domain::environment::Secrets;

/// Begins every cursor that was stored by an intake; any other is a runner's own.
const PREFIX: &str = "masked:";

/// Where an upstream is to be read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resume {
    /// The runner's own cursor; its output's beginning if there is none.
    pub(super) cursor: Option<String>,
    /// How many bytes behind it are out.
    given: u64,
    /// How many after those belong to a value whose `***` is out.
    hidden: u64,
}

impl Resume {
    /// Reads a stored cursor; `None` if it makes no sense.
    pub(super) fn parse(stored: Option<&str>) -> Option<Self> {
        let Some(stored) = stored else {
            return Some(Self::default());
        };
        let Some(fields) = stored.strip_prefix(PREFIX) else {
            return Some(Self {
                cursor: Some(stored.to_owned()),
                ..Self::default()
            });
        };
        let (given, rest) = fields.split_once(':')?;
        let (hidden, cursor) = rest.split_once(':')?;
        let cursor = match cursor.split_at_checked(1)? {
            ("-", "") => None,
            ("=", cursor) => Some(cursor.to_owned()),
            _ => return None,
        };
        Some(Self {
            cursor,
            given: given.parse().ok()?,
            hidden: hidden.parse().ok()?,
        })
    }

    /// The cursor as it is stored.
    fn text(&self) -> String {
        let Self { given, hidden, .. } = self;
        match &self.cursor {
            None => format!("{PREFIX}{given}:{hidden}:-"),
            Some(cursor) => format!("{PREFIX}{given}:{hidden}:={cursor}"),
        }
    }
}

/// What is to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) events: Vec<LogEvent>,
    pub(super) cursor: String,
}

/// One execution's output on its way in. Places in it are counted from where it was opened.
pub(super) struct Intake {
    masker: Masker,
    /// How far it was read.
    read: u64,
    /// What was read and is not out whole.
    waiting: VecDeque<Waiting>,
    /// The runner's cursor behind the last piece that is out whole, and its place.
    out: (Option<String>, u64),
    /// Where the log ends.
    offset: u64,
}

struct Waiting {
    to: u64,
    cursor: String,
    event: Option<LogEventKind>,
}

impl Intake {
    /// Goes on at a place where the log has `offset` bytes.
    pub(super) fn new(secrets: &Secrets, resume: Resume, offset: u64) -> Self {
        Self {
            masker: Masker::new(secrets).resumed(resume.given, resume.hidden),
            read: 0,
            waiting: VecDeque::new(),
            out: (resume.cursor, 0),
            offset,
        }
    }

    /// Where the log ends once everything that was settled is stored.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes bytes, and the runner's cursor behind them.
    pub(super) fn bytes(&mut self, bytes: &[u8], cursor: String) {
        let known = self.masker.taken().saturating_sub(self.read);
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        self.masker.take(bytes.get(known..).unwrap_or_default());
        self.read += bytes.len() as u64;
        self.wait_for(cursor, None);
    }

    /// Takes what is to be told at this place.
    pub(super) fn event(&mut self, kind: LogEventKind, cursor: String) {
        self.wait_for(cursor, Some(kind));
    }

    /// Gives out what can be.
    pub(super) fn settle(&mut self) -> Option<Piece> {
        self.settle_to(self.masker.ready())
    }

    /// Gives out everything: nothing follows.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        self.settle_to(self.masker.taken())
    }

    fn wait_for(&mut self, cursor: String, event: Option<LogEventKind>) {
        self.waiting.push_back(Waiting {
            to: self.read,
            cursor,
            event,
        });
    }

    fn settle_to(&mut self, to: u64) -> Option<Piece> {
        let mut bytes = Vec::new();
        let mut events = Vec::new();
        while let Some(item) = self.waiting.pop_front_if(|item| item.to <= to) {
            self.masker.give(item.to, &mut bytes);
            if let Some(kind) = item.event {
                let offset = self.offset + bytes.len() as u64;
                events.push(LogEvent { offset, kind });
            }
            self.out = (Some(item.cursor), item.to);
        }
        self.masker.give(to, &mut bytes);
        if bytes.is_empty() && events.is_empty() {
            return None;
        }
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Some(Piece {
            offset,
            bytes,
            events,
            cursor: self.resume().text(),
        })
    }

    fn resume(&self) -> Resume {
        let (cursor, at) = &self.out;
        Resume {
            cursor: cursor.clone(),
            given: self.masker.given().saturating_sub(*at),
            hidden: self.masker.hidden(),
        }
    }
}

#[cfg(test)]
mod tests;
