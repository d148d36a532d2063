//! Where what the watches show does not suffice to say what is not there, so that the cluster itself is to be asked.
//! Pure; it asks nobody, and makes nothing of what is seen.

use std::time::Duration;

use super::seen::{ContainerSeen, JobSeen, Phase, PodSeen, Seen};

/// How long it must have been quiet: Jobs and Pods come by two watches, and mostly nothing is missing by then.
const QUIET: Duration = Duration::from_secs(2);

/// The same where a Pod is to come: a controller that has much to do takes its time.
const POD_COMES: Duration = Duration::from_secs(5);

impl Seen {
    /// Whether something may be there that is not shown, or not be there that is, and somebody who acts on it would
    /// be wrong. Where a Job and as many Pods are shown as it has counted, nobody asks.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        !self.astray.is_empty() || (!self.confirmed && self.lacks_something())
    }

    /// How long to wait for changes before the cluster is asked; none if that is not to be done.
    #[must_use]
    pub fn to_be_asked_after(&self) -> Option<Duration> {
        let runs = |job: &JobSeen| !job.suspended && job.terminal().is_none();
        let quiet = match &self.job {
            Some(job) if runs(job) && self.astray.is_empty() => POD_COMES,
            _ => QUIET,
        };
        self.is_doubtful().then_some(quiet)
    }

    /// Whether the object is there although no watch shows it.
    #[must_use]
    pub fn is_known_astray(&self, uid: &str) -> bool {
        self.confirmed && self.astray.contains(uid)
    }

    fn lacks_something(&self) -> bool {
        let Some(job) = &self.job else {
            return true;
        };
        let pods = || self.pods.values().filter(|pod| pod.job_uid == job.uid);
        let departed = self.departed.values();
        let departed = departed.filter(|pod| pod.job_uid == job.uid).count();
        if job.terminal().is_some() {
            let over = pods().filter(|pod| pod.is_over()).count() + departed;
            return over < job.counted().max(1);
        }
        let may_have_one = !job.suspended || job.is_told_to_end();
        may_have_one && pods().count() + departed == 0
    }
}

impl JobSeen {
    /// How many Pods of it have ended, as its controller has counted them.
    pub(super) fn counted(&self) -> usize {
        usize::try_from(self.failed.saturating_add(self.succeeded)).unwrap_or(0)
    }
}

impl PodSeen {
    /// Whether nothing runs in it any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
            || matches!(self.container, ContainerSeen::Terminated { .. })
    }

    /// Whether it may be there still although its watch says that it is gone: nobody had asked for its end, and it had
    /// not come.
    pub(super) fn may_be_astray(&self) -> bool {
        self.deletion.is_none() && !self.is_over()
    }
}
