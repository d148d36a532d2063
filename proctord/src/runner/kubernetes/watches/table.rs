//! What is known of every execution whose objects the watches show or that somebody follows. Each is handed over as
//! its latest state: a follower that is slow misses what was in between and costs nothing. It waits for nobody.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::watch;

use super::super::seen::{JobSeen, PodSeen, Seen};
use super::object::Watched;

type Entry = watch::Sender<Arc<Seen>>;

/// By the names of the executions.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashMap<String, Entry>,
    listed: HashSet<&'static str>,
    /// Entries that were made since those were looked for that nobody needs.
    made: usize,
}

/// A kind of object as the table keeps it.
pub(super) trait Kept: Watched {
    fn put(self, seen: &mut Seen);

    /// It is gone; this is how it was seen last.
    fn remove(self, seen: &mut Seen);

    /// Those that are there.
    fn kept(seen: &Seen) -> Vec<&Self>;
}

impl Table {
    pub(super) fn subscribe(&mut self, name: &str) -> watch::Receiver<Arc<Seen>> {
        self.entry(name).subscribe()
    }

    pub(super) fn put<K: Kept>(&mut self, name: &str, object: K) {
        change(self.entry(name), |seen| object.put(seen));
    }

    pub(super) fn remove<K: Kept>(&mut self, name: &str, object: K) {
        change(self.entry(name), |seen| object.remove(seen));
        if self.entries.get(name).is_some_and(is_needless) {
            self.entries.remove(name);
        }
    }

    /// All objects of a kind have been told, and these are their uids: those that are known beside them are gone.
    pub(super) fn complete<K: Kept>(&mut self, uids: &HashSet<String>) {
        self.listed.insert(K::PLURAL);
        let listed = self.is_listed();
        for entry in self.entries.values() {
            change(entry, |seen| {
                let all = K::kept(seen).into_iter();
                let gone: Vec<K> = all
                    .filter(|object| !uids.contains(object.uid()))
                    .cloned()
                    .collect();
                for object in gone {
                    object.remove(seen);
                }
                seen.listed = listed;
            });
        }
        self.sweep();
    }

    /// An object is gone of which nothing but the uid could be read.
    pub(super) fn remove_unread<K: Kept>(&mut self, uid: &str) {
        for entry in self.entries.values() {
            change(entry, |seen| {
                let mut all = K::kept(seen).into_iter();
                let gone = all.find(|object| object.uid() == uid).cloned();
                if let Some(gone) = gone {
                    gone.remove(seen);
                }
            });
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_listed(&self) -> bool {
        let both = [JobSeen::PLURAL, PodSeen::PLURAL];
        both.iter().all(|plural| self.listed.contains(plural))
    }

    fn entry(&mut self, name: &str) -> &Entry {
        if !self.entries.contains_key(name) {
            self.make_room();
            let listed = self.is_listed();
            let seen = Seen {
                listed,
                ..Seen::default()
            };
            let entry = watch::Sender::new(Arc::new(seen));
            self.entries.insert(name.to_owned(), entry);
        }
        &self.entries[name]
    }

    /// Followers leave without a word. Looking for what they left each time the table could have doubled costs
    /// little for each entry.
    fn make_room(&mut self) {
        self.made += 1;
        if self.made > self.entries.len() / 2 + 64 {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        self.made = 0;
        self.entries.retain(|_, entry| !is_needless(entry));
    }
}

/// Whether nobody follows it and nothing backs it.
fn is_needless(entry: &Entry) -> bool {
    let seen = entry.borrow();
    entry.receiver_count() == 0 && seen.job.is_none() && seen.pods.is_empty()
}

/// Changes what is known, and wakes followers if that made a difference.
fn change(entry: &Entry, change: impl FnOnce(&mut Seen)) {
    entry.send_if_modified(|seen| {
        let mut changed = Seen::clone(seen);
        change(&mut changed);
        let differs = changed != **seen;
        if differs {
            *seen = Arc::new(changed);
        }
        differs
    });
}

impl Kept for JobSeen {
    fn put(self, seen: &mut Seen) {
        let before = seen.job.replace(self);
        let same = |before: &Self| seen.job.as_ref().is_some_and(|job| job.uid == before.uid);
        if let Some(replaced) = before.filter(|before| !same(before)) {
            seen.departed_job = Some(replaced);
        }
    }

    fn remove(self, seen: &mut Seen) {
        // One of the same name may have come since.
        if seen.job.as_ref().is_some_and(|job| job.uid == self.uid) {
            seen.job = None;
        }
        seen.departed_job = Some(self);
    }

    fn kept(seen: &Seen) -> Vec<&Self> {
        seen.job.iter().collect()
    }
}

impl Kept for PodSeen {
    fn put(self, seen: &mut Seen) {
        seen.departed.remove(&self.uid);
        seen.pods.insert(self.uid.clone(), Arc::new(self));
    }

    fn remove(self, seen: &mut Seen) {
        seen.pods.remove(&self.uid);
        seen.departed.insert(self.uid.clone(), Arc::new(self));
    }

    fn kept(seen: &Seen) -> Vec<&Self> {
        seen.pods.values().map(AsRef::as_ref).collect()
    }
}
