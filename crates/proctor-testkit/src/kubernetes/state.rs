//! The objects of the double with their revisions. It knows no HTTP and no controller; whoever changes an object says
//! what it becomes, and the revision, the generation, the history, the index and what the controllers are to look at
//! follow by themselves.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::agenda::Agenda;
use super::clock::Time;
use super::history::{Change, History};
use super::index::Index;
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

#[derive(Debug)]
pub(crate) struct State {
    objects: BTreeMap<Key, Arc<Value>>,
    index: Index,
    history: History,
    pub(crate) agenda: Agenda,
    revision: u64,
    time: Time,
    failures: HashMap<String, Timestamp>,
    first_looks: HashMap<String, FirstLook>,
    pub(crate) nodes: Nodes,
    pub(crate) quotas: Quotas,
    /// Nobody looks at Jobs.
    pub(crate) no_job_controller: bool,
}

/// The first look of the Job controller at a Job that may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstLook {
    Due(Timestamp),
    /// It was had, and until then nothing newer is known of the Job.
    Had(Timestamp),
}

impl State {
    pub(crate) fn new(history_length: usize, time: Time) -> Self {
        Self {
            objects: BTreeMap::new(),
            index: Index::default(),
            history: History::new(history_length),
            agenda: Agenda::default(),
            revision: 1,
            time,
            failures: HashMap::new(),
            first_looks: HashMap::new(),
            nodes: Nodes::default(),
            quotas: Quotas::default(),
            no_job_controller: false,
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// What has happened to the objects.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn time(&self) -> Timestamp {
        self.time.now()
    }

    /// Now, as Kubernetes writes times: whole seconds.
    pub(crate) fn now(&self) -> String {
        self.time.text(0)
    }

    pub(crate) fn seconds_from_now(&self, seconds: i64) -> String {
        self.time.text(seconds)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    pub(crate) fn find(&self, key: &Key) -> Result<&Arc<Value>, Refusal> {
        self.get(key)
            .ok_or_else(|| Refusal::not_found(key.kind, &key.name))
    }

    /// The objects of a kind, ordered by namespace and name.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let first = Bound::Included(Key::new(kind, "", ""));
        self.objects
            .range((first, Bound::Unbounded))
            .take_while(move |(key, _)| key.kind == kind)
    }

    /// The objects of a kind that have a label with a value, ordered as all of them.
    pub(crate) fn labelled<'a>(
        &'a self,
        kind: Kind,
        name: &str,
        value: &str,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> + use<'a> {
        let keys = self.index.labelled(kind, name, value).into_iter().flatten();
        keys.filter_map(|key| self.objects.get_key_value(key))
    }

    /// The objects that name this uid as an owner.
    pub(crate) fn dependants(&self, uid: &str) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let keys = self.index.owned_by(uid);
        keys.filter_map(|key| self.objects.get_key_value(key))
    }

    /// Stores a new object under a new uid.
    pub(crate) fn insert(&mut self, key: &Key, mut object: Value) -> Result<Arc<Value>, Refusal> {
        if self.objects.contains_key(key) {
            return Err(Refusal::already_exists(key.kind, &key.name));
        }
        let metadata = &mut object["metadata"];
        metadata["namespace"] = key.namespace.as_str().into();
        metadata["name"] = key.name.as_str().into();
        metadata["creationTimestamp"] = self.now().into();
        if metadata["uid"].is_null() {
            metadata["uid"] = Uuid::new_v4().to_string().into();
        }
        if matches!(key.kind, Kind::Job | Kind::Pod) {
            metadata["generation"] = 1.into();
        }
        self.put(key, object);
        Ok(Arc::clone(&self.objects[key]))
    }

    /// Changes an object, if it is still there; a change that changes nothing is none, as in Kubernetes.
    pub(crate) fn modify(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let Some(before) = self.objects.get(key) else {
            return;
        };
        let mut after = Value::clone(before);
        change(&mut after);
        if **before == after {
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
        let mut after = Value::clone(&before);
        after["metadata"]["resourceVersion"] = self.revision.to_string().into();
        self.index.follow(key, Some(&before), None);
        self.follow(key, Some(before), Arc::new(after), true);
    }

    /// When a Pod of the Job with this uid failed last; it is no part of any object.
    pub(crate) fn last_failure(&self, uid: &str) -> Option<Timestamp> {
        self.failures.get(uid).copied()
    }

    pub(crate) fn failed_at(&mut self, uid: &str, moment: Timestamp) {
        self.failures.insert(uid.to_owned(), moment);
    }

    /// The first look at the Job with this uid that may run, if it has been let run.
    pub(crate) fn first_look(&self, uid: &str) -> Option<FirstLook> {
        self.first_looks.get(uid).copied()
    }

    pub(crate) fn note_first_look(&mut self, uid: &str, look: FirstLook) {
        self.first_looks.insert(uid.to_owned(), look);
    }

    /// Forgets the history.
    pub(crate) fn compact(&mut self) {
        self.history.compact();
    }

    fn put(&mut self, key: &Key, mut object: Value) {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let after = Arc::new(object);
        let before = self.objects.insert(key.clone(), Arc::clone(&after));
        self.index.follow(key, before.as_deref(), Some(&after));
        self.follow(key, before, after, false);
    }

    fn follow(&mut self, key: &Key, before: Option<Arc<Value>>, after: Arc<Value>, removed: bool) {
        let change = Change {
            revision: self.revision,
            key: key.clone(),
            before,
            after,
            removed,
        };
        self.touch(&change);
        self.history.remember(change);
    }

    /// An object that has changed is looked at, and so are its owners. What it owns is looked at when it goes.
    fn touch(&mut self, change: &Change) {
        self.agenda.touch(change.key.clone());
        let objects = [change.before.as_ref(), Some(&change.after)];
        for object in objects.into_iter().flatten() {
            for (owner, _) in owners(&change.key.namespace, object) {
                self.agenda.touch(owner);
            }
        }
        let goes = !change.after["metadata"]["deletionTimestamp"].is_null();
        if (goes || change.removed)
            && let Some(uid) = change.after["metadata"]["uid"].as_str()
        {
            for dependant in self.index.owned_by(uid) {
                self.agenda.touch(dependant.clone());
            }
        }
    }
}

/// The owners of an object of which the double keeps the kind, each with the uid that is meant.
pub(crate) fn owners(namespace: &str, object: &Value) -> impl Iterator<Item = (Key, String)> {
    let references = object["metadata"]["ownerReferences"].as_array();
    references.into_iter().flatten().filter_map(move |one| {
        let kind = Kind::of_word(one["kind"].as_str()?)?;
        let key = Key::new(kind, namespace, one["name"].as_str()?);
        Some((key, one["uid"].as_str()?.to_owned()))
    })
}
