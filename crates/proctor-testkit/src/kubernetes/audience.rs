//! Who watches, and what each has been told: so a test can wait until everybody knows what has happened.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::kind::Kind;

#[derive(Debug, Default, Clone)]
pub(crate) struct Audience(Arc<Seats>);

#[derive(Debug, Default)]
struct Seats {
    told: Mutex<Told>,
    changed: Condvar,
}

/// What each watch is about and the revision that it has been told up to, and the number of the next watch.
#[derive(Debug, Default)]
struct Told {
    positions: HashMap<u64, (Kind, u64)>,
    next: u64,
}

/// The place of one watch; dropped, it is free.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    kind: Kind,
    number: u64,
}

impl Audience {
    /// A place for a watch, which has been told nothing.
    pub(crate) fn sit_down(&self, kind: Kind) -> Seat {
        let mut told = self.0.told();
        let number = told.next;
        told.next += 1;
        told.positions.insert(number, (kind, 0));
        Seat {
            seats: Arc::clone(&self.0),
            kind,
            number,
        }
    }

    /// How many watches of a kind are open.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        let told = self.0.told();
        told.positions
            .values()
            .filter(|(about, _)| *about == kind)
            .count()
    }

    /// Waits until every watch has been told the latest that it can be told; returns how many have not if that takes
    /// too long.
    pub(crate) fn wait(
        &self,
        latest: impl Fn(Kind) -> u64,
        patience: Duration,
    ) -> Result<(), usize> {
        let deadline = Instant::now() + patience;
        let mut told = self.0.told();
        loop {
            let positions = told.positions.values();
            let behind = positions.filter(|(kind, at)| *at < latest(*kind)).count();
            let left = deadline.saturating_duration_since(Instant::now());
            if behind == 0 {
                return Ok(());
            } else if left.is_zero() {
                return Err(behind);
            }
            let waited = self.0.changed.wait_timeout(told, left);
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Seats {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Notes that the watch has handed everything on up to a revision.
    pub(crate) fn was_told(&self, revision: u64) {
        self.seats
            .told()
            .positions
            .insert(self.number, (self.kind, revision));
        self.seats.changed.notify_all();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.told().positions.remove(&self.number);
        self.seats.changed.notify_all();
    }
}
