//! Whether a plugin is there, and how often it had to be started again: for probes and metrics, which may ask at any
//! time. It decides nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How a plugin fares. It is there when this is made.
#[derive(Debug, Default)]
pub(super) struct Health {
    away: AtomicBool,
    restarts: AtomicU64,
}

impl Health {
    pub(super) fn went_away(&self) {
        self.away.store(true, Ordering::Relaxed);
    }

    pub(super) fn came_back(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.away.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }
}
