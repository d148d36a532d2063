//! How a test lets the double go on: it moves the clock, waits until the watches know, and counts what was done.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Kubernetes;
use super::kind::Kind;

/// How long the watches may take to be told.
const PATIENCE: Duration = Duration::from_secs(60);

impl Kubernetes {
    /// Moves the virtual clock on. Deadlines, retries, expiries and the steps of scripted Pods that are due on the way
    /// happen in their order, each at its moment.
    ///
    /// # Panics
    /// The clock is a real one.
    pub fn advance(&self, time: Duration) {
        let time = time.try_into().expect("a test does not wait for ever");
        let moved = self.cluster.advance(time);
        assert!(moved, "only a virtual clock can be advanced");
    }

    /// What time it is for the double.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.cluster.time.now()
    }

    /// Waits until every open watch has been told everything that has happened.
    ///
    /// # Panics
    /// It takes too long: somebody does not read.
    pub fn settle(&self) {
        let latest: HashMap<_, _> = {
            let state = self.cluster.state();
            let latest = |kind| (kind, state.history().latest(kind));
            Kind::ALL.map(latest).into()
        };
        let told = self.cluster.audience.wait(|kind| latest[&kind], PATIENCE);
        if let Err(behind) = told {
            panic!("{behind} watches have not been told everything after {PATIENCE:?}");
        }
    }

    /// How many watches of a kind are open; `plural` as in paths.
    #[must_use]
    pub fn watches(&self, plural: &str) -> usize {
        let kind = Kind::ALL.into_iter().find(|kind| kind.plural() == plural);
        kind.map_or(0, |kind| self.cluster.audience.count(kind))
    }

    /// How many objects its controllers have looked at since it was started.
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.cluster.state().agenda.looks()
    }
}
