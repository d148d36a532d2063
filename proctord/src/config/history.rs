//! How long is kept what has happened.

use std::time::Duration;

use jiff::SignedDuration;

use super::reader::Reader;

/// A delivery is tried for a day, and people should have as long to see what was given up.
const SHORTEST: Duration = Duration::from_hours(24);

/// How long is kept what has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryConfig {
    /// Of what belongs to no execution; absent, for ever.
    pub keep: Option<SignedDuration>,
}

impl HistoryConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        const NAME: &str = "PROCTOR_HISTORY_RETENTION";
        let keep = reader.duration(NAME, Duration::from_hours(90 * 24));
        if !keep.is_zero() && keep < SHORTEST {
            let name = reader.name_of(NAME);
            reader.mistake(format!(
                "{name} must be at least 24h, or 0 to keep everything"
            ));
        }
        Self {
            keep: SignedDuration::try_from(keep)
                .ok()
                .filter(|keep| !keep.is_zero()),
        }
    }
}
