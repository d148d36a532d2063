//! What has happened to the objects, as far back as it is remembered: watches are told from it, and lists read the
//! past by it. It changes no object.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::kind::Kind;
use super::refusal::Refusal;
use super::state::Key;

/// What happened to one object at one revision.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    pub(crate) before: Option<Arc<Value>>,
    /// What it became; of a removed one, how it was at the end.
    pub(crate) after: Arc<Value>,
    pub(crate) removed: bool,
}

/// What is remembered of each kind, so that much that happens to one makes nobody forget another.
#[derive(Debug)]
pub(crate) struct History {
    length: usize,
    kinds: BTreeMap<Kind, Past>,
}

#[derive(Debug, Default)]
struct Past {
    /// In the order of their revisions.
    changes: VecDeque<Change>,
    /// The revision of the last change that is forgotten.
    compacted: u64,
    latest: u64,
}

impl History {
    /// A history that remembers so many changes of each kind.
    pub(crate) fn new(length: usize) -> Self {
        Self {
            length,
            kinds: Kind::ALL.map(|kind| (kind, Past::default())).into(),
        }
    }

    pub(crate) fn remember(&mut self, change: Change) {
        let past = self.kinds.entry(change.key.kind).or_default();
        past.latest = change.revision;
        past.changes.push_back(change);
        while past.changes.len() > self.length {
            let forgotten = past.changes.pop_front();
            past.compacted = forgotten.map_or(past.compacted, |change| change.revision);
        }
    }

    /// The revision at which an object of this kind changed last.
    pub(crate) fn latest(&self, kind: Kind) -> u64 {
        self.kinds[&kind].latest
    }

    /// The changes of a kind after a revision, or that they are not known any more.
    pub(crate) fn since(
        &self,
        kind: Kind,
        revision: u64,
    ) -> Result<impl ExactSizeIterator<Item = &Change>, Refusal> {
        let past = &self.kinds[&kind];
        if revision < past.compacted {
            let message = format!("too old resource version: {revision} ({})", past.compacted);
            return Err(Refusal::expired(message));
        }
        let known = past.changes.partition_point(|one| one.revision <= revision);
        Ok(past.changes.range(known..))
    }

    /// What each change that is remembered made of its object, in their order.
    pub(crate) fn versions(&self, kind: Kind) -> impl Iterator<Item = &Arc<Value>> {
        self.kinds[&kind].changes.iter().map(|change| &change.after)
    }

    /// How the objects of a kind that have changed since were at a revision; none for one that was not there.
    pub(crate) fn undone(
        &self,
        kind: Kind,
        revision: u64,
    ) -> Result<BTreeMap<&Key, Option<&Arc<Value>>>, Refusal> {
        let mut undone = BTreeMap::new();
        for change in self.since(kind, revision)? {
            undone.entry(&change.key).or_insert(change.before.as_ref());
        }
        Ok(undone)
    }

    /// Forgets everything. Who has been told everything already misses nothing by it.
    pub(crate) fn compact(&mut self) {
        for past in self.kinds.values_mut() {
            past.changes.clear();
            past.compacted = past.latest;
        }
    }
}
