//! Finding objects without looking at each: by the uid of an owner, by a label. It keeps keys only.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::kind::Kind;
use super::state::Key;

#[derive(Debug, Default)]
pub(crate) struct Index {
    owned: HashMap<String, BTreeSet<Key>>,
    labelled: HashMap<Label, BTreeSet<Key>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Label {
    kind: Kind,
    name: String,
    value: String,
}

impl Index {
    /// The objects that name this uid as an owner.
    pub(crate) fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.owned.get(uid).into_iter().flatten()
    }

    /// The objects of a kind that have this label with this value.
    pub(crate) fn labelled(&self, kind: Kind, name: &str, value: &str) -> Option<&BTreeSet<Key>> {
        self.labelled.get(&Label {
            kind,
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Follows an object from what it was to what it is; one that is not there has neither owners nor labels.
    pub(crate) fn follow(&mut self, key: &Key, before: Option<&Value>, after: Option<&Value>) {
        let metadata = |object: Option<&Value>, field: &str| {
            object.map_or(Value::Null, |object| object["metadata"][field].clone())
        };
        for field in ["ownerReferences", "labels"] {
            let (old, new) = (metadata(before, field), metadata(after, field));
            if old != new {
                self.follow_owners(key, &old, &new);
                self.follow_labels(key, &old, &new);
            }
        }
    }

    fn follow_owners(&mut self, key: &Key, old: &Value, new: &Value) {
        for uid in uids(old) {
            take(&mut self.owned, &uid, key);
        }
        for uid in uids(new) {
            self.owned.entry(uid).or_default().insert(key.clone());
        }
    }

    fn follow_labels(&mut self, key: &Key, old: &Value, new: &Value) {
        for label in labels(key.kind, old) {
            take(&mut self.labelled, &label, key);
        }
        for label in labels(key.kind, new) {
            self.labelled.entry(label).or_default().insert(key.clone());
        }
    }
}

fn take<T: Eq + std::hash::Hash>(index: &mut HashMap<T, BTreeSet<Key>>, term: &T, key: &Key) {
    if let Some(keys) = index.get_mut(term) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(term);
        }
    }
}

/// The uids in a list of owner references; in anything else there are none.
fn uids(references: &Value) -> impl Iterator<Item = String> {
    let references = references.as_array().into_iter().flatten();
    references.filter_map(|reference| reference["uid"].as_str().map(str::to_owned))
}

/// The labels in a map of them; in anything else there are none.
fn labels(kind: Kind, labels: &Value) -> impl Iterator<Item = Label> {
    let labels = labels.as_object().into_iter().flat_map(Map::iter);
    labels.filter_map(move |(name, value)| {
        Some(Label {
            kind,
            name: name.clone(),
            value: value.as_str()?.to_owned(),
        })
    })
}
