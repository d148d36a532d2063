//! The wall clock, for timestamps only: durations come from `Instant`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds after 1970.
pub fn wall_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
