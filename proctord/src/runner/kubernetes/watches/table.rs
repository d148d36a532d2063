//! What is known of every execution whose objects the watches show or that somebody follows. Each is handed over as
//! its latest state: a follower that is slow misses what was in between and costs nothing. It waits for nobody, and
//! keeps account of those of which the cluster itself is to be asked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::seen::{JobSeen, PodSeen, Seen, Sight};
use super::doubts::{Doubts, Found};
use super::object::Watched;

type Entry = watch::Sender<Arc<Seen>>;

/// By the names of the executions.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashMap<String, Entry>,
    /// How the watch of each kind is; one that has told nothing yet is left out.
    sights: BTreeMap<&'static str, Sight>,
    /// The kinds of which all objects were told once. Told once more, they were not shown without a break.
    listed: HashSet<&'static str>,
    pub(super) doubts: Doubts,
    /// Entries that were made since those were looked for that nobody needs.
    made: usize,
}

/// A kind of object as the table keeps it.
pub(super) trait Kept: Watched {
    fn put(self, seen: &mut Seen);

    /// Its watch does not show it any more; this is how it was seen last.
    fn remove(self, seen: &mut Seen);

    /// It is gone; this is how it was seen last.
    fn depart(self, seen: &mut Seen);

    /// All of its kind were listed anew: what came and went in between was not shown.
    fn interrupt(seen: &mut Seen);

    /// Those that are there.
    fn kept(seen: &Seen) -> Vec<&Self>;
}

impl Table {
    pub(super) fn subscribe(&mut self, name: &str) -> watch::Receiver<Arc<Seen>> {
        let receiver = self.entry(name).subscribe();
        self.doubt(name);
        receiver
    }

    pub(super) fn put<K: Kept>(&mut self, name: &str, object: K) {
        change(self.entry(name), |seen| {
            seen.astray.remove(object.uid());
            object.put(seen);
        });
        self.doubt(name);
    }

    /// Its deletion is shown, and how it was then.
    pub(super) fn remove<K: Kept>(&mut self, name: &str, object: K) {
        change(self.entry(name), |seen| {
            let uid = object.uid().to_owned();
            object.remove(seen);
            if seen.departed.contains_key(&uid) {
                seen.told_gone.insert(uid);
            }
        });
        self.doubt(name);
        if self.entries.get(name).is_some_and(is_needless) {
            self.entries.remove(name);
        }
    }

    /// All objects of a kind have been told, and these are their uids: those that are known beside them are not shown.
    pub(super) fn complete<K: Kept>(&mut self, uids: &HashSet<String>) {
        self.remove_where::<K>(|object| !uids.contains(object.uid()));
        if !self.listed.insert(K::PLURAL) {
            self.change_all(K::interrupt);
        }
        self.sweep();
    }

    /// How the watch of a kind is now.
    pub(super) fn set_sight<K: Kept>(&mut self, sight: Sight) {
        self.sights.insert(K::PLURAL, sight);
        let sight = self.sight();
        self.change_all(|seen| seen.sight = sight);
    }

    /// An object is not shown any more of which nothing but the uid could be read.
    pub(super) fn remove_unread<K: Kept>(&mut self, uid: &str) {
        self.remove_where::<K>(|object| object.uid() == uid);
    }

    /// Of whom the cluster is to be asked now; nobody asks for them again before `answer`, or a change.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<(String, Arc<Seen>)> {
        if self.sight() != Sight::Current {
            return Vec::new();
        }
        let due = self.doubts.due(now).into_iter();
        due.filter_map(|name| {
            let entry = self.entries.get(&name)?;
            let seen = entry.borrow().clone();
            let is_wanted = entry.receiver_count() > 0 && seen.is_doubtful();
            is_wanted.then_some((name, seen))
        })
        .collect()
    }

    /// Takes what the cluster says of an execution that was asked for when it was seen like this: if it is seen
    /// otherwise by now, the answer is worth nothing, and it is asked again.
    pub(super) fn answer(&mut self, name: &str, asked: &Arc<Seen>, found: Found) {
        let Some(entry) = self.entries.get(name) else {
            return;
        };
        let is_as_it_was = Arc::ptr_eq(&entry.borrow(), asked);
        if is_as_it_was {
            entry.send_if_modified(|seen| {
                let before = Arc::clone(seen);
                *seen = Arc::new(found.into_seen(Seen::clone(seen)));
                *seen != before
            });
        }
        self.doubts.answered(name, entry.borrow().is_doubtful());
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How both watches are.
    fn sight(&self) -> Sight {
        let of = |plural| self.sights.get(plural).copied().unwrap_or_default();
        let both = [of(JobSeen::PLURAL), of(PodSeen::PLURAL)];
        let failing = both
            .into_iter()
            .find(|one| matches!(one, Sight::Failing { .. }));
        let all = || both.iter().all(|one| *one == Sight::Current);
        failing.unwrap_or_else(|| {
            if all() {
                Sight::Current
            } else {
                Sight::Listing
            }
        })
    }

    /// What is known of an execution has changed, or somebody wants to know it.
    fn doubt(&mut self, name: &str) {
        let entry = self.entries.get(name);
        let quiet = entry.and_then(|entry| entry.borrow().to_be_asked_after());
        self.doubts.set(name, quiet);
    }

    fn remove_where<K: Kept>(&mut self, is_gone: impl Fn(&K) -> bool) {
        self.change_all(|seen| {
            let all = K::kept(seen).into_iter();
            let gone: Vec<K> = all.filter(|object| is_gone(object)).cloned().collect();
            gone.into_iter().for_each(|object| object.remove(seen));
        });
    }

    fn change_all(&mut self, how: impl Fn(&mut Seen)) {
        let all = self.entries.iter();
        let changed = all.filter(|(_, entry)| change(entry, &how));
        let changed: Vec<_> = changed.map(|(name, _)| name.clone()).collect();
        changed.iter().for_each(|name| self.doubt(name));
    }

    fn entry(&mut self, name: &str) -> &Entry {
        if !self.entries.contains_key(name) {
            self.make_room();
            let seen = Seen {
                sight: self.sight(),
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

/// Whether nobody follows it and no watch shows anything of it.
fn is_needless(entry: &Entry) -> bool {
    let seen = entry.borrow();
    let astray = |uid: &String| seen.astray.contains(uid);
    let no_job = seen.job.as_ref().is_none_or(|job| astray(&job.uid));
    entry.receiver_count() == 0 && no_job && seen.pods.keys().all(astray)
}

/// Changes what is known, and wakes followers if that made a difference.
fn change(entry: &Entry, change: impl FnOnce(&mut Seen)) -> bool {
    entry.send_if_modified(|seen| {
        let mut changed = Seen::clone(seen);
        change(&mut changed);
        let differs = changed != **seen;
        if differs {
            changed.confirmed = false;
            *seen = Arc::new(changed);
        }
        differs
    })
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
        self.depart(seen);
    }

    fn depart(self, seen: &mut Seen) {
        seen.astray.remove(&self.uid);
        // One of the same name may have come since.
        if seen.job.as_ref().is_some_and(|job| job.uid == self.uid) {
            seen.job = None;
        }
        seen.departed_job = Some(self);
    }

    /// A Job that comes and goes unseen is another execution's, or told by the store.
    fn interrupt(_: &mut Seen) {}

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
        if self.may_be_astray() {
            seen.astray.insert(self.uid.clone());
            self.put(seen);
        } else {
            self.depart(seen);
        }
    }

    fn depart(self, seen: &mut Seen) {
        seen.astray.remove(&self.uid);
        seen.pods.remove(&self.uid);
        seen.departed.insert(self.uid.clone(), Arc::new(self));
    }

    fn interrupt(seen: &mut Seen) {
        seen.interrupted = true;
    }

    fn kept(seen: &Seen) -> Vec<&Self> {
        seen.pods.values().map(AsRef::as_ref).collect()
    }
}
