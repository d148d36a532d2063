//! What the controllers are to look at: the objects that something has happened to, and those whose time has come.
//! What is to be done about them is not known here.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::state::Key;

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    touched: BTreeSet<Key>,
    timers: BTreeSet<(Timestamp, Key)>,
    moments: HashMap<Key, Timestamp>,
    looks: u64,
}

impl Agenda {
    /// Has an object looked at, whether it is still there or not.
    pub(crate) fn touch(&mut self, key: Key) {
        self.touched.insert(key);
    }

    /// Has an object looked at when this moment comes, in place of the one that was set before.
    pub(crate) fn set_timer(&mut self, key: &Key, moment: Option<Timestamp>) {
        if let Some(before) = self.moments.remove(key) {
            self.timers.remove(&(before, key.clone()));
        }
        if let Some(moment) = moment {
            self.moments.insert(key.clone(), moment);
            self.timers.insert((moment, key.clone()));
        }
    }

    /// The objects to look at now; they are looked at once.
    pub(crate) fn take(&mut self, now: Timestamp) -> BTreeSet<Key> {
        while let Some((moment, key)) = self.timers.first()
            && *moment <= now
        {
            let key = key.clone();
            self.set_timer(&key, None);
            self.touch(key);
        }
        self.looks += self.touched.len() as u64;
        std::mem::take(&mut self.touched)
    }

    /// When time alone gives something to look at.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.timers.first().map(|(moment, _)| *moment)
    }

    /// How many objects have been looked at so far.
    pub(crate) fn looks(&self) -> u64 {
        self.looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kind::Kind;

    #[test]
    fn a_timer_comes_once_and_a_later_one_takes_its_place() {
        let mut agenda = Agenda::default();
        let key = Key::new(Kind::Job, "procs", "a");
        let at = |second| Timestamp::from_second(second).expect("it is within the calendar");
        agenda.set_timer(&key, Some(at(1)));
        agenda.set_timer(&key, Some(at(2)));

        assert_eq!(agenda.take(at(1)), BTreeSet::new());
        assert_eq!(agenda.next(), Some(at(2)));
        assert_eq!(agenda.take(at(2)), BTreeSet::from([key]));
        assert_eq!((agenda.take(at(3)).len(), agenda.next()), (0, None));
    }
}
