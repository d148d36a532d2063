//! What becomes of bytes on their way, and who waits until that changes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::connection::Ends;

/// What becomes of what comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// It goes on at once.
    #[default]
    Open,
    /// Connections break, and new ones are refused.
    Cut,
    /// Connections stay, and nothing passes: it goes on when the way is open again.
    Stalled,
    /// Requests pass, and no answer does.
    Deaf,
    /// Whatever passes, in either direction, waits so long first.
    Slow(Duration),
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// Where bytes wait.
#[derive(Debug, Default)]
pub(super) struct Gate {
    standing: Mutex<Standing>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Standing {
    way: Way,
    /// How often it was cut: a connection of before is broken, however soon the way is open again.
    cuts: u64,
    open: Vec<Weak<Ends>>,
}

impl Way {
    fn holds_back(self, direction: Direction) -> bool {
        self == Self::Stalled || (self == Self::Deaf && direction == Direction::ToClient)
    }

    fn delay(self) -> Duration {
        match self {
            Self::Slow(delay) => delay,
            _ => Duration::ZERO,
        }
    }
}

impl Gate {
    pub(super) fn set(&self, way: Way) {
        let mut standing = self.standing();
        standing.way = way;
        if way == Way::Cut {
            standing.cuts += 1;
            let open = standing.open.drain(..);
            open.filter_map(|ends| ends.upgrade())
                .for_each(|ends| ends.close());
        }
        self.changed.notify_all();
    }

    /// Takes notice of a connection; returns how often the way had been cut before.
    pub(super) fn note(&self, ends: &Arc<Ends>) -> u64 {
        let mut standing = self.standing();
        standing.open.retain(|ends| ends.strong_count() > 0);
        standing.open.push(Arc::downgrade(ends));
        if standing.way == Way::Cut {
            ends.close();
        }
        standing.cuts
    }

    pub(super) fn is_cut(&self) -> bool {
        self.standing().way == Way::Cut
    }

    /// Waits until bytes may pass; false if the connection, which is as old as these cuts, is broken by then.
    pub(super) fn let_pass(&self, direction: Direction, cuts: u64) -> bool {
        let began = Instant::now();
        let mut standing = self.standing();
        while standing.cuts == cuts {
            let left = standing.way.delay().saturating_sub(began.elapsed());
            if standing.way.holds_back(direction) {
                standing = self.wait(standing, None);
            } else if !left.is_zero() {
                standing = self.wait(standing, Some(left));
            } else {
                return true;
            }
        }
        false
    }

    fn wait<'a>(
        &'a self,
        standing: MutexGuard<'a, Standing>,
        patience: Option<Duration>,
    ) -> MutexGuard<'a, Standing> {
        let Some(patience) = patience else {
            let waited = self.changed.wait(standing);
            return waited.unwrap_or_else(PoisonError::into_inner);
        };
        let waited = self.changed.wait_timeout(standing, patience);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
