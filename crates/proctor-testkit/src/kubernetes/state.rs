//! The objects of the double with their revisions, and the history that watches are told from. It knows no HTTP and
//! no controller; whoever changes an object says what it becomes, and the revision, the generation and the history
//! follow by themselves.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::kind::Kind;
use super::nodes::Nodes;
use super::quota::Quotas;
use super::refusal::Refusal;

/// Where an object is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// What happened to one object at one revision.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) kind: Kind,
    pub(crate) before: Option<Value>,
    /// What it became; of a removed one, how it was at the end.
    pub(crate) after: Value,
    pub(crate) removed: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    objects: BTreeMap<Key, Value>,
    history: VecDeque<Change>,
    history_length: usize,
    revision: u64,
    compacted: u64,
    failures: HashMap<String, Timestamp>,
    pub(crate) nodes: Nodes,
    pub(crate) quotas: Quotas,
}

impl State {
    pub(crate) fn new(history_length: usize) -> Self {
        Self {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            history_length,
            revision: 1,
            compacted: 0,
            failures: HashMap::new(),
            nodes: Nodes::default(),
            quotas: Quotas::default(),
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    pub(crate) fn find(&self, key: &Key) -> Result<&Value, Refusal> {
        self.get(key)
            .ok_or_else(|| Refusal::not_found(key.kind, &key.name))
    }

    /// The objects of a kind, ordered by namespace and name.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects.iter().filter(move |(key, _)| key.kind == kind)
    }

    pub(crate) fn keys(&self, kind: Kind) -> Vec<Key> {
        self.of_kind(kind).map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.objects.iter()
    }

    /// Stores a new object under a new uid.
    pub(crate) fn insert(&mut self, key: &Key, mut object: Value) -> Result<Value, Refusal> {
        if self.objects.contains_key(key) {
            return Err(Refusal::already_exists(key.kind, &key.name));
        }
        let metadata = &mut object["metadata"];
        metadata["namespace"] = key.namespace.as_str().into();
        metadata["name"] = key.name.as_str().into();
        metadata["creationTimestamp"] = now().into();
        if metadata["uid"].is_null() {
            metadata["uid"] = Uuid::new_v4().to_string().into();
        }
        if matches!(key.kind, Kind::Job | Kind::Pod) {
            metadata["generation"] = 1.into();
        }
        self.put(key, object.clone());
        Ok(self.objects[key].clone())
    }

    /// Changes an object, if it is still there; a change that changes nothing is none, as in Kubernetes.
    pub(crate) fn modify(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let Some(before) = self.objects.get(key) else {
            return;
        };
        let mut after = before.clone();
        change(&mut after);
        if *before == after {
            return;
        }
        let has_generation = !before["metadata"]["generation"].is_null();
        let is_deleted_now = before["metadata"]["deletionTimestamp"].is_null()
            && !after["metadata"]["deletionTimestamp"].is_null();
        if has_generation && (before["spec"] != after["spec"] || is_deleted_now) {
            // The scheduler's binding and the like are the system's own and do not count.
            let by_system = before["spec"]["nodeName"] != after["spec"]["nodeName"];
            let generation = before["metadata"]["generation"].as_u64().unwrap_or(1);
            after["metadata"]["generation"] = (generation + u64::from(!by_system)).into();
        }
        self.put(key, after);
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(before) = self.objects.remove(key) else {
            return;
        };
        self.revision += 1;
        let mut after = before.clone();
        after["metadata"]["resourceVersion"] = self.revision.to_string().into();
        self.remember(key.kind, Some(before), after, true);
    }

    /// The changes of a kind after a revision, or that they are not known any more.
    pub(crate) fn changes_since(
        &self,
        kind: Kind,
        revision: u64,
    ) -> Result<impl Iterator<Item = &Change>, Refusal> {
        self.still_known(revision)?;
        Ok(self
            .history
            .iter()
            .filter(move |change| change.kind == kind && change.revision > revision))
    }

    pub(crate) fn still_known(&self, revision: u64) -> Result<(), Refusal> {
        if revision < self.compacted {
            let message = format!("too old resource version: {revision} ({})", self.compacted);
            return Err(Refusal::expired(message));
        }
        Ok(())
    }

    /// When a Pod of the Job with this uid failed last; it is no part of any object.
    pub(crate) fn last_failure(&self, uid: &str) -> Option<Timestamp> {
        self.failures.get(uid).copied()
    }

    pub(crate) fn failed_at(&mut self, uid: &str, moment: Timestamp) {
        self.failures.insert(uid.to_owned(), moment);
    }

    /// Forgets the history.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.compacted = self.revision;
    }

    fn put(&mut self, key: &Key, mut object: Value) {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let before = self.objects.insert(key.clone(), object.clone());
        self.remember(key.kind, before, object, false);
    }

    fn remember(&mut self, kind: Kind, before: Option<Value>, after: Value, removed: bool) {
        self.history.push_back(Change {
            revision: self.revision,
            kind,
            before,
            after,
            removed,
        });
        while self.history.len() > self.history_length {
            let forgotten = self.history.pop_front();
            self.compacted = forgotten.map_or(self.compacted, |change| change.revision);
        }
    }
}

/// Now, as Kubernetes writes times: whole seconds.
pub(crate) fn now() -> String {
    seconds_from_now(0)
}

pub(crate) fn seconds_from_now(seconds: i64) -> String {
    Timestamp::from_second(Timestamp::now().as_second() + seconds)
        .expect("the present is within the calendar")
        .to_string()
}
