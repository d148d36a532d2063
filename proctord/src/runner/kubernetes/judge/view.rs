//! An execution as a verdict looks at it: its own Job and Pods, nobody else's, attempts in their order. It picks and
//! counts; what follows from that is said elsewhere.

use jiff::Timestamp;

use super::super::seen::{ConditionSeen, ContainerSeen, JobSeen, Phase, PodSeen, Seen, Sight};
use super::{
    ENDED_PODS_ANNOTATION, Expected, GIVEN_UP_ANNOTATION, STOPPED_ANNOTATION, exit, later,
};

/// How long after the end of its last attempt a Job may be over. Between two attempts Kubernetes waits longer.
const DECIDING_SECONDS: i64 = 5;

pub(super) struct View<'a> {
    pub(super) expected: &'a Expected,
    pub(super) now: Timestamp,
    /// The Job, if it is there.
    pub(super) job: Option<&'a JobSeen>,
    /// The Job as it was when it was deleted.
    pub(super) departed_job: Option<&'a JobSeen>,
    /// Whether the cluster itself says that nothing else is there.
    pub(super) confirmed: bool,
    /// Whether the Job is there although its watch does not show it.
    pub(super) job_astray: bool,
    /// Its Pods in the order of the attempts, whether they are there or not.
    pub(super) attempts: Vec<Attempt<'a>>,
}

/// A Pod of the execution.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) pod: &'a PodSeen,
    /// It is not there any more.
    pub(super) departed: bool,
}

impl<'a> View<'a> {
    pub(super) fn of(expected: &'a Expected, seen: &'a Seen, now: Timestamp) -> Self {
        let is_ours = |uid: &String| expected.uid.as_ref().is_none_or(|ours| ours == uid);
        let there = seen.pods.values().map(|pod| (pod, false));
        let gone = seen.departed.values().map(|pod| (pod, true));
        let mut attempts: Vec<_> = there
            .chain(gone)
            .filter(|(pod, _)| is_ours(&pod.job_uid))
            .map(|(pod, departed)| Attempt { pod, departed })
            .collect();
        attempts.sort_by_key(|attempt| (attempt.pod.created_at, &attempt.pod.name));
        let job = seen.job.as_ref().filter(|job| is_ours(&job.uid));
        Self {
            expected,
            now,
            job,
            confirmed: seen.confirmed && seen.sight == Sight::Current,
            job_astray: job.is_some_and(|job| seen.is_known_astray(&job.uid)),
            departed_job: seen.departed_job.as_ref().filter(|job| is_ours(&job.uid)),
            attempts,
        }
    }

    /// The attempt that was made last.
    pub(super) fn latest(&self) -> Option<Attempt<'a>> {
        self.attempts.last().copied()
    }

    /// The attempt that was made last by a Job that is over, since then, unless that is one that nobody has seen.
    pub(super) fn last_of(
        &self,
        job: &JobSeen,
        over_since: Option<Timestamp>,
    ) -> Option<Attempt<'a>> {
        let latest = self.latest()?;
        let is_known = |uid: &str| self.attempts.iter().any(|attempt| &*attempt.pod.uid == uid);
        if !job.ended_by_a_stop().all(is_known) {
            return None;
        }
        let all_are_known = self.ended() >= job.counted();
        let ended_it =
            |at: Timestamp| over_since.is_none_or(|since| since <= later(at, DECIDING_SECONDS));
        (all_are_known || latest.finished_at().is_some_and(ended_it)).then_some(latest)
    }

    /// Pods in which something may run.
    pub(super) fn living(&self) -> impl Iterator<Item = &'a PodSeen> {
        let living = self.attempts.iter().filter(|attempt| !attempt.is_over());
        living.map(|attempt| attempt.pod)
    }

    pub(super) fn is_live(&self) -> bool {
        self.living().next().is_some()
    }

    /// How many attempts are known to have ended.
    pub(super) fn ended(&self) -> usize {
        let ended = self.attempts.iter().filter(|attempt| attempt.is_over());
        ended.count()
    }

    /// How many attempts are known to have failed.
    pub(super) fn failures(&self) -> usize {
        let failed = self.attempts.iter().filter(|attempt| attempt.has_failed());
        failed.count()
    }

    /// Whether Kubernetes will make no other attempt after those that failed.
    pub(super) fn no_retry_is_left(&self, job: &JobSeen) -> bool {
        self.failures() > usize::try_from(job.retries).unwrap_or(0)
    }

    /// When the command began to run for the first time.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        let starts = self.attempts.iter().filter_map(Attempt::started_at);
        starts.min()
    }
}

impl Attempt<'_> {
    /// Whether nothing runs in it any more.
    pub(super) fn is_over(&self) -> bool {
        self.departed || self.pod.is_over()
    }

    fn has_failed(&self) -> bool {
        match &self.pod.container {
            ContainerSeen::Terminated { exit_code, .. } => *exit_code != 0,
            _ => self.pod.phase == Phase::Failed,
        }
    }

    /// Whether somebody had a hand in its end, so that Kubernetes may take it otherwise than it looks.
    pub(super) fn is_disturbed(&self) -> bool {
        self.pod.deletion.is_some() || self.pod.reason.is_some() || self.disruption().is_some()
    }

    /// Whether it was asked to end, by a stop or by anybody else.
    pub(super) fn was_told_to_end(&self, job: &JobSeen) -> bool {
        let uid = self.pod.uid.as_str();
        self.pod.deletion.is_some() || job.ended_by_a_stop().any(|ended| ended == uid)
    }

    /// Why Kubernetes had it end, if it did.
    pub(super) fn disruption(&self) -> Option<&ConditionSeen> {
        let mut conditions = self.pod.conditions.iter();
        conditions.find(|condition| condition.kind == "DisruptionTarget")
    }

    fn started_at(&self) -> Option<Timestamp> {
        match &self.pod.container {
            ContainerSeen::Running { started_at } => Some(*started_at),
            ContainerSeen::Terminated {
                started_at, reason, ..
            } if !exit::never_began(reason) => known(*started_at),
            _ => None,
        }
    }

    pub(super) fn finished_at(&self) -> Option<Timestamp> {
        match &self.pod.container {
            ContainerSeen::Terminated { finished_at, .. } => known(*finished_at),
            _ => None,
        }
    }
}

/// Kubelets write the beginning of the epoch for times that they do not know.
fn known(moment: Option<Timestamp>) -> Option<Timestamp> {
    moment.filter(|moment| *moment > Timestamp::UNIX_EPOCH)
}

impl JobSeen {
    pub(super) fn condition(&self, kind: &str) -> Option<&ConditionSeen> {
        let mut conditions = self.conditions.iter();
        conditions.find(|condition| condition.kind == kind)
    }

    /// The condition after which nothing changes any more.
    pub(in super::super) fn terminal(&self) -> Option<&ConditionSeen> {
        let failed = self.condition("Failed");
        self.condition("Complete").or(failed)
    }

    /// What the stop says, if Proctor stopped it.
    pub(super) fn stopped(&self) -> Option<&str> {
        self.annotations.get(STOPPED_ANNOTATION).map(String::as_str)
    }

    /// The reason, if Proctor gave it up.
    pub(super) fn given_up(&self) -> Option<&str> {
        let reason = self.annotations.get(GIVEN_UP_ANNOTATION);
        reason.map(String::as_str)
    }

    /// The Pods that a stop has found alive, by uid: nothing else tells of them afterwards.
    pub(in super::super) fn ended_by_a_stop(&self) -> impl Iterator<Item = &str> {
        let noted = self.annotations.get(ENDED_PODS_ANNOTATION);
        noted.into_iter().flat_map(|uids| uids.split_whitespace())
    }

    /// Whether Proctor has told it to end.
    pub(in super::super) fn is_told_to_end(&self) -> bool {
        self.stopped().or(self.given_up()).is_some()
    }
}
