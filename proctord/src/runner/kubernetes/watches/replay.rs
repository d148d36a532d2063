//! For tests: events as a watch sends them, put into a table without a cluster.

use serde_json::Value;

use super::super::seen::{JobSeen, PodSeen, Seen, Sight};
use super::object::Object;
use super::table::{Kept, Table};

/// A table that has listed nothing and is shown one event after the other.
pub(crate) struct Replay(Table);

impl Replay {
    pub(crate) fn new() -> Self {
        let mut table = Table::default();
        table.set_sight::<JobSeen>(Sight::Current);
        table.set_sight::<PodSeen>(Sight::Current);
        Self(table)
    }

    pub(crate) fn show(&mut self, kind: &str, change: &str, object: &Value) {
        match kind {
            "Job" => self.take::<JobSeen>(change, object),
            "Pod" => self.take::<PodSeen>(change, object),
            kind => panic!("{kind} is not watched"),
        }
    }

    pub(crate) fn seen(&mut self, name: &str) -> Seen {
        Seen::clone(&self.0.subscribe(name).borrow())
    }

    fn take<K: Kept>(&mut self, change: &str, object: &Value) {
        let object: Object<K> = serde_json::from_value(object.clone()).unwrap();
        let (name, seen) = object.seen.unwrap();
        // Somebody follows, so that nothing is dropped.
        let follower = self.0.subscribe(&name);
        match change {
            "DELETED" => self.0.remove(&name, seen),
            _ => self.0.put(&name, seen),
        }
        drop(follower);
    }
}
