//! Puts `***` in the place of secret values in a stream of bytes, however the stream is cut. Occurrences that
//! overlap become one `***`. A byte is held back only while it may belong to a value that is not complete
//! yet, so never more of them than the longest value has. Pure: it knows nothing of logs or runners.

mod values;

use std::collections::VecDeque;

use secrecy::ExposeSecret;

use crate::domain::environment::Secrets;
use values::{Place, Values};

/// Values with fewer bytes are not masked: they would be found everywhere.
pub const SHORTEST_BYTES: usize = 6;
/// What stands for a value.
const MASK: &[u8] = b"***";

/// Masks one stream. Places are counted in the bytes that came in, from the stream's beginning.
pub struct Masker {
    values: Values,
    place: Place,
    /// What came in and has not been given out.
    held: Vec<u8>,
    /// Where `held` begins.
    given: u64,
    /// Values found behind `given`, in order; none overlaps another.
    found: VecDeque<Found>,
    /// Up to here everything belongs to a value whose `***` has been given out.
    hidden_to: u64,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    from: u64,
    to: u64,
}

impl Masker {
    /// A masker for an execution that was given these secrets.
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        let values = secrets.values().map(|value| value.expose_secret());
        let values = Values::new(values.flat_map(maskable));
        Self {
            place: values.begin(),
            values,
            held: Vec::new(),
            given: 0,
            found: VecDeque::new(),
            hidden_to: 0,
        }
    }

    /// The same in the middle of its stream: at `given`, with `hidden` more bytes of a value whose `***` has
    /// been given out.
    #[must_use]
    pub fn resumed(mut self, given: u64, hidden: u64) -> Self {
        self.given = given;
        self.hidden_to = given + hidden;
        self
    }

    /// Takes the next bytes of the stream.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut at = self.taken();
        self.held.extend_from_slice(bytes);
        if self.values.is_empty() {
            return;
        }
        for byte in bytes {
            self.place = self.values.step(self.place, *byte);
            at += 1;
            let length = self.values.ended(self.place) as u64;
            if length > 0 {
                self.note(Found {
                    from: at - length,
                    to: at,
                });
            }
        }
    }

    /// How far the stream has come in.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.given + self.held.len() as u64
    }

    /// How far it can be given out: what lies behind may belong to a value that is not complete.
    #[must_use]
    pub fn ready(&self) -> u64 {
        let begun = self.values.begun(self.place) as u64;
        self.taken().saturating_sub(begun).max(self.given)
    }

    /// How far it has been given out.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given
    }

    /// How many bytes from there on belong to a value whose `***` has been given out.
    #[must_use]
    pub fn hidden(&self) -> u64 {
        self.hidden_to.saturating_sub(self.given)
    }

    /// Gives out the masked stream up to a place.
    pub fn give(&mut self, to: u64, out: &mut Vec<u8>) {
        let to = to.min(self.taken());
        let begin = self.given;
        while self.given < to {
            if self.given < self.hidden_to {
                self.given = self.hidden_to.min(to);
                continue;
            }
            let next = self.found.front().copied();
            if let Some(found) = next.filter(|found| found.from <= self.given) {
                out.extend_from_slice(MASK);
                self.hidden_to = found.to;
                self.found.pop_front();
                continue;
            }
            let plain_to = next.map_or(to, |found| found.from.min(to));
            out.extend_from_slice(&self.held[within(begin, self.given)..within(begin, plain_to)]);
            self.given = plain_to;
        }
        self.held.drain(..within(begin, self.given));
    }

    /// Keeps in mind that a value ends where the stream stands.
    fn note(&mut self, mut value: Found) {
        while let Some(last) = self.found.pop_back_if(|last| last.to > value.from) {
            value.from = value.from.min(last.from);
        }
        if value.from < self.hidden_to {
            self.hidden_to = value.to;
        } else {
            self.found.push_back(value);
        }
    }
}

/// A place in what is held, which begins at `begin`.
fn within(begin: u64, place: u64) -> usize {
    usize::try_from(place - begin).unwrap_or(usize::MAX)
}

/// What of a value is masked: the whole, and each of its lines.
fn maskable(value: &str) -> impl Iterator<Item = &[u8]> {
    std::iter::once(value)
        .chain(value.lines())
        .map(str::as_bytes)
        .filter(|part| part.len() >= SHORTEST_BYTES)
}

/// Whether a value is masked where it is written as a line of its own.
#[must_use]
pub fn is_masked(value: &str) -> bool {
    value.is_empty() || value.lines().any(|line| line.len() >= SHORTEST_BYTES)
}

#[cfg(test)]
mod tests;
