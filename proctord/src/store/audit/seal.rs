//! What a seal is: digests of the rows that it covers, and one hash over those and over the seal before it. Whoever
//! changes a row, or which rows there are, contradicts the seal; whoever changes a seal contradicts the next one. It
//! is computed here for every store and for whoever verifies; nothing is read or written here.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use super::AuditRow;

/// What a digest and a hash begin with, so that one is never taken for the other.
const BEGINNING: &[u8] = b"proctor audit beginning 1";
const ROW: &[u8] = b"proctor audit row 1";
const SEAL: &[u8] = b"proctor audit seal 1";
/// Id, time and digest.
const LINE_BYTES: usize = 8 + 8 + 32;

/// The result of SHA-256.
pub type Hash = [u8; 32];

/// A seal as it is stored, whatever somebody has made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// From 1 on, without a gap.
    pub number: i64,
    pub at: Timestamp,
    pub previous: Vec<u8>,
    pub contents: Vec<u8>,
    pub hash: Vec<u8>,
}

/// What a seal says of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub id: i64,
    /// Microseconds since 1970.
    pub at: i64,
    pub digest: Hash,
}

/// The seal that a new one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    pub number: i64,
    pub hash: Vec<u8>,
}

impl Last {
    /// What the first seal of an installation follows.
    #[must_use]
    pub fn none(installation: Uuid) -> Self {
        let hash = Sha256::new()
            .chain_update(BEGINNING)
            .chain_update(installation.as_bytes())
            .finalize();
        Self {
            number: 0,
            hash: hash.to_vec(),
        }
    }
}

impl Seal {
    /// A seal over rows that are in the order of their ids.
    #[must_use]
    pub fn over(rows: &[AuditRow], last: Last, at: Timestamp) -> Self {
        let mut contents = Vec::with_capacity(rows.len() * LINE_BYTES);
        for row in rows {
            contents.extend(row.id.to_be_bytes());
            contents.extend(row.at.as_microsecond().to_be_bytes());
            contents.extend(digest(row));
        }
        let mut seal = Self {
            number: last.number.saturating_add(1),
            at,
            previous: last.hash,
            contents,
            hash: Vec::new(),
        };
        seal.hash = seal.true_hash().to_vec();
        seal
    }

    /// The hash that it must have, with all else that it says.
    #[must_use]
    pub fn true_hash(&self) -> Hash {
        let hash = Sha256::new()
            .chain_update(SEAL)
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.at.as_microsecond().to_be_bytes())
            .chain_update(length(&self.previous))
            .chain_update(&self.previous)
            .chain_update(&self.contents);
        hash.finalize().into()
    }

    /// What it says of each row; what is left over after the last whole line is nothing.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.contents.chunks_exact(LINE_BYTES).filter_map(line)
    }

    /// How many rows it covers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.len() / LINE_BYTES
    }

    /// Whether it covers nothing, which none does that was made here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By what it is known elsewhere.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            number: self.number,
            hash: self.hash.clone(),
        }
    }
}

fn line(bytes: &[u8]) -> Option<Line> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (at, digest) = rest.split_first_chunk()?;
    Some(Line {
        id: i64::from_be_bytes(*id),
        at: i64::from_be_bytes(*at),
        digest: digest.try_into().ok()?,
    })
}

/// The digest of everything that a row says, but for the seal that it names. Each text has its length before it, so
/// that nothing can be moved from one column to the next.
#[must_use]
pub fn digest(row: &AuditRow) -> Hash {
    let texts = [
        &row.who,
        &row.action,
        &row.target,
        &row.source,
        &row.result,
        &row.request_id,
    ];
    let mut digest = Sha256::new()
        .chain_update(ROW)
        .chain_update(row.id.to_be_bytes())
        .chain_update(row.at.as_microsecond().to_be_bytes())
        .chain_update(row.count.to_be_bytes());
    for text in texts {
        digest.update(length(text.as_bytes()));
        digest.update(text);
    }
    digest.finalize().into()
}

fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

/// A seal as it is noted down outside the database: `12:5e88…`, number and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub number: i64,
    pub hash: Vec<u8>,
}

/// A word that is no mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a seal is NUMBER:HASH, with a hash of 64 hex digits")]
pub struct BadMark;

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.number)?;
        for byte in &self.hash {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Mark {
    type Err = BadMark;

    fn from_str(text: &str) -> Result<Self, BadMark> {
        let (number, hash) = text.split_once(':').ok_or(BadMark)?;
        if hash.len() != 2 * size_of::<Hash>() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Err(BadMark);
        }
        let byte = |at: usize| u8::from_str_radix(&hash[at..at + 2], 16).map_err(|_| BadMark);
        Ok(Self {
            number: number
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .ok_or(BadMark)?,
            hash: (0..hash.len())
                .step_by(2)
                .map(byte)
                .collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
