//! Turns by source: one source has only some of the plugin's turns at a time, so that however many credentials come from
//! there, others are heard too. What a turn is for is not known here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

use super::slowdown::network;

/// Half of what a plugin does at a time.
const OF_ONE_SOURCE: usize = 8;
/// Sources without anybody who waits are looked for when there are so many, and then when they have doubled.
const SWEEP_FROM: usize = 64;

#[derive(Default)]
pub(super) struct Turns {
    sources: Mutex<Sources>,
}

#[derive(Default)]
struct Sources {
    /// Of those from which somebody asks. `None` is whoever comes from nowhere known.
    turns: HashMap<Option<IpAddr>, Weak<Semaphore>>,
    /// How many were left when they were last swept.
    left: usize,
}

impl Turns {
    /// Those of a source.
    pub(super) fn of(&self, source: Option<IpAddr>) -> Arc<Semaphore> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = source.map(network);
        if let Some(turns) = sources.turns.get(&source).and_then(Weak::upgrade) {
            return turns;
        }
        sources.make_room();
        let turns = Arc::new(Semaphore::new(OF_ONE_SOURCE));
        sources.turns.insert(source, Arc::downgrade(&turns));
        turns
    }
}

impl Sources {
    fn make_room(&mut self) {
        if self.turns.len() >= SWEEP_FROM.max(2 * self.left) {
            self.turns.retain(|_, turns| turns.strong_count() > 0);
            self.left = self.turns.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::{OF_ONE_SOURCE, SWEEP_FROM, Turns};

    fn source(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn a_source_has_turns_of_its_own_and_no_more() {
        let turns = Turns::default();
        let one = turns.of(source(1));
        let taken = Arc::clone(&one).try_acquire_many_owned(OF_ONE_SOURCE as u32);

        assert!(taken.is_ok());
        assert!(turns.of(source(1)).try_acquire().is_err());
        assert!(turns.of(source(2)).try_acquire().is_ok());
    }

    #[test]
    fn sources_that_ask_no_more_are_forgotten() {
        let turns = Turns::default();
        let kept = turns.of(source(0));

        for number in 1..10 * SWEEP_FROM {
            turns.of(source(u32::try_from(number).unwrap()));
        }

        assert!(turns.sources.lock().unwrap().turns.len() <= SWEEP_FROM);
        assert!(Arc::ptr_eq(&kept, &turns.of(source(0))));
    }
}
