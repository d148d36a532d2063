//! Places in the logs of an execution's Pods, and how they are stored. Kubernetes knows no offsets, so a place in a
//! log is found again by a line's timestamp: the anchor, and how many bytes have been taken from its beginning on.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// Begins every cursor; another layout gets another one.
const VERSION: &str = "k1";

/// A place in one Pod's log.
///
/// The anchor is the first line with the highest timestamp so far. Stdout and stderr reach the file by different ways
/// and may overtake each other, so the lines behind the anchor may be older; no line before it is as young.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    anchor: Timestamp,
    /// The lowest timestamp from the anchor on: what is asked for must begin before it.
    lowest: Timestamp,
    /// Bytes from the beginning of the anchor's line on, timestamps not counted.
    taken: u64,
    /// Made of those bytes: whoever sees them again knows that they are the same.
    digest: u64,
}

/// FNV-1a: it is stored, so it must stay what it is. Nobody gains anything by making two texts that share one.
const EMPTY_DIGEST: u64 = 0xcbf2_9ce4_8422_2325;
const DIGEST_PRIME: u64 = 0x0100_0000_01b3;

impl Place {
    /// The beginning of a line, if it is the first that is read.
    pub(super) fn line(at: Timestamp) -> Self {
        Self {
            anchor: at,
            lowest: at,
            taken: 0,
            digest: EMPTY_DIGEST,
        }
    }

    /// Another line begins here.
    pub(super) fn begin_line(&mut self, at: Timestamp) {
        *self = match at > self.anchor {
            true => Self::line(at),
            false => self.reaching_back_to(at),
        }
    }

    /// The same, but lines as old as this are asked for as well when it is looked for.
    pub(super) fn reaching_back_to(self, at: Timestamp) -> Self {
        let lowest = self.lowest.min(at);
        Self { lowest, ..self }
    }

    pub(super) fn advance(&mut self, bytes: &[u8]) {
        self.taken += bytes.len() as u64;
        self.digest = bytes.iter().fold(self.digest, |digest, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(DIGEST_PRIME)
        });
    }

    pub(super) fn anchor(&self) -> Timestamp {
        self.anchor
    }

    pub(super) fn lowest(&self) -> Timestamp {
        self.lowest
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    /// From when on lines are to be asked for. Kubernetes takes whole seconds, so it is one: whoever rounded it up
    /// would lose the anchor.
    pub(super) fn since(&self) -> Timestamp {
        let second = self.lowest.as_nanosecond().div_euclid(1_000_000_000);
        let second = i64::try_from(second).unwrap_or(i64::MIN);
        Timestamp::from_second(second)
            .and_then(|second| second.checked_sub(SignedDuration::from_secs(1)))
            .unwrap_or(Timestamp::MIN)
    }
}

/// How far one Pod's log has been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Beginning,
    At(Place),
    /// Nothing of it can come any more.
    Over,
}

/// A Pod among those of its Job: later ones sort behind earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodKey {
    pub(super) created_at: Timestamp,
    pub(super) uid: Arc<str>,
}

/// A place in the logs of all Pods of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Which Pod this is, from 1.
    pub(super) attempt: u32,
    /// Whether bytes may be missing before this place.
    pub(super) torn: bool,
    pub(super) pod: PodKey,
    pub(super) position: Position,
}

/// A stored cursor that this runner did not write.
#[derive(Debug, Error)]
#[error("`{0}` is no place in the logs of Pods")]
pub struct CursorError(String);

impl Cursor {
    pub(super) fn parse(text: &str) -> Result<Self, CursorError> {
        Self::fields(text).ok_or_else(|| CursorError(text.to_owned()))
    }

    fn fields(text: &str) -> Option<Self> {
        let mut fields = text.split(':');
        let mut next = || fields.next();
        if next()? != VERSION {
            return None;
        }
        let attempt = next()?.parse().ok().filter(|number| *number > 0)?;
        let torn = match next()? {
            "whole" => false,
            "torn" => true,
            _ => return None,
        };
        let pod = PodKey {
            created_at: moment(next()?)?,
            uid: next().filter(|uid| !uid.is_empty())?.into(),
        };
        let position = match next()? {
            "beginning" => Position::Beginning,
            "over" => Position::Over,
            anchor => Position::At(Place {
                anchor: moment(anchor)?,
                lowest: moment(next()?)?,
                taken: next()?.parse().ok()?,
                digest: u64::from_str_radix(next()?, 16).ok()?,
            }),
        };
        next().is_none().then_some(Self {
            attempt,
            torn,
            pod,
            position,
        })
    }

    pub(super) fn text(&self) -> String {
        let Self { attempt, pod, .. } = self;
        let torn = if self.torn { "torn" } else { "whole" };
        let position = match self.position {
            Position::Beginning => "beginning".to_owned(),
            Position::Over => "over".to_owned(),
            Position::At(place) => format!(
                "{}:{}:{}:{:x}",
                place.anchor.as_nanosecond(),
                place.lowest.as_nanosecond(),
                place.taken,
                place.digest
            ),
        };
        let created_at = pod.created_at.as_nanosecond();
        format!(
            "{VERSION}:{attempt}:{torn}:{created_at}:{}:{position}",
            pod.uid
        )
    }

    /// The same Pod, somewhere else.
    pub(super) fn at(&self, position: Position) -> Self {
        Self {
            position,
            ..self.clone()
        }
    }
}

fn moment(nanoseconds: &str) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Cursor, Place, PodKey, Position};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cursor(position: Position) -> Cursor {
        Cursor {
            attempt: 2,
            torn: true,
            pod: PodKey {
                created_at: at("2026-01-02T03:04:05Z"),
                uid: "3c7d-11".into(),
            },
            position,
        }
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let mut place = Place::line(at("2026-01-02T03:04:05.000000007Z"));
        place.begin_line(at("2026-01-02T03:04:04.5Z"));
        place.advance(b"taken");

        for position in [Position::Beginning, Position::Over, Position::At(place)] {
            let cursor = cursor(position);
            assert_eq!(Cursor::parse(&cursor.text()).unwrap(), cursor);
        }
        for bad in [
            "",
            "k1",
            "k2:1:whole:0:u:over",
            "k1:0:whole:0:u:over",
            "k1:1:half:0:u:over",
            "k1:1:whole:0::over",
            "k1:1:whole:0:u:5:6",
            "k1:1:whole:0:u:5:6:7",
            "k1:1:whole:0:u:5:6:-7:0",
            "k1:1:whole:0:u:over:7",
            "7+0",
        ] {
            assert!(Cursor::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_asked_for_begins_a_whole_second_before_all_that_was_seen() {
        let mut place = Place::line(at("2026-01-02T03:04:05.9Z"));
        assert_eq!(place.since(), at("2026-01-02T03:04:04Z"));

        place.begin_line(at("2026-01-02T03:04:03.1Z"));
        assert_eq!(place.since(), at("2026-01-02T03:04:02Z"));
        assert_eq!(place.anchor(), at("2026-01-02T03:04:05.9Z"));
    }
}
