//! Of whom the watches show too little, and what the cluster says when it is asked for them: seldom, once it has been
//! quiet, and again while something is there that no watch shows. It sends no request.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::super::seen::{JobSeen, PodSeen, Seen};
use super::table::Kept;

/// How soon what no watch shows is asked for again, or what was not answered.
const AGAIN: Duration = Duration::from_secs(5);

/// When to ask, by the names of the executions.
#[derive(Debug, Default)]
pub(super) struct Doubts(HashMap<String, Instant>);

/// All that the cluster has of an execution.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) job: Option<JobSeen>,
    pub(super) pods: Vec<PodSeen>,
}

impl Doubts {
    /// It is to be asked for then, if it is at all.
    pub(super) fn set(&mut self, name: &str, after: Option<Duration>) {
        if let Some(after) = after {
            self.0.insert(name.to_owned(), Instant::now() + after);
        } else {
            self.0.remove(name);
        }
    }

    /// It has been asked for.
    pub(super) fn answered(&mut self, name: &str, is_doubtful: bool) {
        self.set(name, is_doubtful.then_some(AGAIN));
    }

    /// Whom to ask for; nobody asks for them again before that is said.
    pub(super) fn due(&mut self, now: Instant) -> Vec<String> {
        let due = self.0.iter().filter(|(_, at)| **at <= now);
        let due: Vec<_> = due.map(|(name, _)| name.clone()).collect();
        for name in &due {
            self.0.remove(name);
        }
        due
    }
}

impl Found {
    /// What is known then: nothing else is there.
    pub(super) fn into_seen(self, mut seen: Seen) -> Seen {
        let shown = shown(&seen);
        let found: BTreeSet<_> = self.uids().collect();
        let is_gone = |uid: &str| !found.contains(uid);
        let jobs = seen.job.iter().filter(|job| is_gone(&job.uid));
        let pods = seen.pods.values().filter(|pod| is_gone(&pod.uid));
        let (jobs, pods): (Vec<_>, Vec<_>) = (jobs.cloned().collect(), pods.cloned().collect());
        jobs.into_iter().for_each(|job| job.depart(&mut seen));
        pods.into_iter()
            .for_each(|pod| PodSeen::clone(&pod).depart(&mut seen));
        seen.astray = found.difference(&shown).cloned().collect();
        if let Some(job) = self.job {
            job.put(&mut seen);
        }
        for pod in self.pods {
            pod.put(&mut seen);
        }
        seen.confirmed = true;
        seen
    }

    fn uids(&self) -> impl Iterator<Item = String> {
        let job = self.job.iter().map(|job| job.uid.clone());
        job.chain(self.pods.iter().map(|pod| pod.uid.clone()))
    }
}

/// Uids of what the watches show.
fn shown(seen: &Seen) -> BTreeSet<String> {
    let job = seen.job.iter().map(|job| &job.uid);
    let all = job.chain(seen.pods.keys());
    let shown = all.filter(|uid| !seen.astray.contains(*uid));
    shown.cloned().collect()
}
