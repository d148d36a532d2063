//! Counts refused requests per source and status between two looks. However many sources there are, the table stays
//! small: what has no place in it is counted together. Nothing is asked or stored here but what `flush` hands over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tracing::{debug, warn};

use crate::store::{RefusalCount, Store};
use crate::telemetry::chain;

/// Between two rows of one source.
const BETWEEN_ROWS: Duration = Duration::from_secs(60);
/// The most sources, with a status each, that are told apart.
const SOURCES: usize = 1000;
/// What stands for all others.
const OTHERS: &str = "others";

/// How often each source was refused since that was stored the last time.
#[derive(Debug, Default)]
pub struct Refusals {
    counts: Mutex<HashMap<Refused, u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Refused {
    /// Absent for those that are counted together.
    source: Option<IpAddr>,
    status: u16,
}

impl Refusals {
    /// Counts one.
    pub fn note(&self, source: Option<IpAddr>, status: u16) {
        self.add(Refused { source, status }, 1);
    }

    /// Stores from time to time what was counted, for ever.
    pub async fn run(&self, store: &dyn Store) {
        let mut ticks = tokio::time::interval(BETWEEN_ROWS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.flush(store).await;
        }
    }

    /// Stores what was counted; what the store does not take is counted on.
    pub async fn flush(&self, store: &dyn Store) {
        let counts = std::mem::take(&mut *self.counts());
        if counts.is_empty() {
            return;
        }
        let rows: Vec<_> = counts.iter().map(row).collect();
        match store.audit_refusals(&rows).await {
            Ok(()) => debug!(rows = rows.len(), "refusals are stored"),
            Err(error) => {
                warn!(error = chain(&error), "refusals are counted on");
                for (refused, count) in counts {
                    self.add(refused, count);
                }
            }
        }
    }

    fn add(&self, refused: Refused, count: u32) {
        let mut counts = self.counts();
        let has_place = counts.len() < SOURCES || counts.contains_key(&refused);
        let key = if has_place {
            refused
        } else {
            Refused {
                source: None,
                ..refused
            }
        };
        let known = counts.entry(key).or_default();
        *known = known.saturating_add(count);
    }

    /// A count is whole whatever happened to whoever held the lock.
    fn counts(&self) -> MutexGuard<'_, HashMap<Refused, u32>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn row((refused, count): (&Refused, &u32)) -> RefusalCount {
    RefusalCount {
        source: refused
            .source
            .map_or_else(|| OTHERS.to_owned(), |source| source.to_string()),
        status: refused.status,
        count: *count,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::{Refusals, SOURCES, row};

    #[test]
    fn a_flood_of_sources_is_counted_together() {
        let refusals = Refusals::default();
        let total = SOURCES as u32 * 3;
        for number in 0..total {
            let source = IpAddr::V6(Ipv6Addr::from(u128::from(number)));
            refusals.note(Some(source), 401);
            refusals.note(Some(IpAddr::V6(Ipv6Addr::from(0))), 401);
        }

        let rows: Vec<_> = refusals.counts().iter().map(row).collect();
        assert!(rows.len() <= SOURCES + 1, "{}", rows.len());
        assert_eq!(rows.iter().map(|row| row.count).sum::<u32>(), 2 * total);
        let count = |source| {
            let found = rows.iter().find(|row| row.source == source);
            found.map(|row| row.count)
        };
        assert_eq!(count("::"), Some(total + 1));
        assert_eq!(count("others"), Some(2 * SOURCES as u32));
    }
}
