//! Lanes: what goes to one host, plugin or mail server goes by a few at a time, so that one that is slow holds up
//! nobody but itself.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// The lanes in which something is under way.
pub(super) struct Lanes {
    width: usize,
    lanes: HashMap<String, Lane>,
}

struct Lane {
    turns: Arc<Semaphore>,
    /// Those whose turn it is, and those who wait for it.
    inside: usize,
}

impl Lanes {
    /// Each takes so many at a time.
    pub(super) fn of(width: usize) -> Self {
        Self {
            width,
            lanes: HashMap::new(),
        }
    }

    /// Counts one more in a lane, and gives what it waits for its turn by.
    pub(super) fn enter(&mut self, name: &str) -> Arc<Semaphore> {
        let lane = self.lanes.entry(name.to_owned()).or_insert_with(|| Lane {
            turns: Arc::new(Semaphore::new(self.width)),
            inside: 0,
        });
        lane.inside += 1;
        Arc::clone(&lane.turns)
    }

    /// One has left its lane.
    pub(super) fn leave(&mut self, name: &str) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.inside -= 1;
            if lane.inside == 0 {
                self.lanes.remove(name);
            }
        }
    }

    /// Those that have enough to do.
    pub(super) fn busy(&self) -> Vec<String> {
        let busy = self
            .lanes
            .iter()
            .filter(|(_, lane)| lane.inside >= self.width);
        busy.map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Lanes;

    #[test]
    fn a_lane_is_busy_while_it_has_as_many_as_it_takes() {
        let mut lanes = Lanes::of(2);
        let turns = lanes.enter("a");
        lanes.enter("b");
        assert_eq!(lanes.busy(), Vec::<String>::new());

        lanes.enter("a");
        assert_eq!(lanes.busy(), ["a"]);
        assert_eq!(turns.available_permits(), 2);
        lanes.enter("a");
        lanes.leave("a");
        assert_eq!(lanes.busy(), ["a"]);
        lanes.leave("a");

        assert_eq!(lanes.busy(), Vec::<String>::new());
    }
}
