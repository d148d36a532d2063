//! How long after its moment a firing starts, so that a thousand schedules at midnight do not start at once. It is a
//! hash: the same on every machine and in every version, and it never changes the moment itself.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// From none to `max_seconds`, both included.
pub fn jitter(schedule_id: u64, moment: Timestamp, max_seconds: u32) -> Duration {
    let mut hash = Sha256::new();
    hash.update(schedule_id.to_be_bytes());
    hash.update(moment.as_second().to_be_bytes());
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    // The hash as a fraction of 2^64, stretched over the range: no remainder, so no value is favoured.
    let choices = u128::from(max_seconds) + 1;
    let seconds = (u128::from(u64::from_be_bytes(first)) * choices) >> 64;
    Duration::from_secs(seconds as u64)
}
