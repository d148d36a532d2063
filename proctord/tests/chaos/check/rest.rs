//! What must be at rest: nothing live, no slot held, nothing left on the cluster, nothing stored that nobody wished.

use super::{Flaw, Verdict};
use crate::history::History;

pub fn check(history: &History, verdict: &mut Verdict) {
    for (id, stored) in &history.stored {
        if stored.has_slot {
            verdict.found(
                Flaw::Stuck,
                format!("{id} is {} and holds a slot", stored.status),
            );
        }
        if stored.is_log_open {
            verdict.found(Flaw::Stuck, format!("the log of {id} is not closed"));
        }
        verdict.ended += usize::from(stored.status.is_terminal() && !stored.is_log_open);
        let wished = |key: &String| history.told.iter().any(|told| told.wish.key() == *key);
        if !stored.key.as_ref().is_some_and(wished) {
            verdict.found(
                Flaw::Doubled,
                format!("{id} is stored, and nobody wished for it"),
            );
        }
    }
    for name in &history.left_over {
        verdict.found(Flaw::LeftOver, name.clone());
    }
}
