//! Made-up objects, from one that is usual by the few words in which a case differs.

use jiff::{SignedDuration, Timestamp};

use super::super::super::seen::{
    ConditionSeen, ContainerSeen, JobSeen, Phase, PodSeen, Seen, Sight,
};
use super::super::{Expected, Live, Verdict, judge};
use crate::domain::lifecycle::End;

pub(super) const JOB: &str = "job-uid";

/// That many seconds after the Job was let run.
pub(super) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

pub(super) fn expected() -> Expected {
    Expected {
        uid: Some(JOB.to_owned()),
        image: "registry.example/tool:1".to_owned(),
        memory_limit: Some("64Mi".to_owned()),
    }
}

pub(super) fn verdict(seen: &Seen, seconds: i64) -> Verdict {
    judge(&expected(), seen, at(seconds))
}

/// After everything.
pub(super) const LATE: i64 = 10_000;

pub(super) fn end(seen: &Seen) -> End {
    match verdict(seen, LATE) {
        Verdict::Ended(end) => end,
        verdict => panic!("{verdict:?}"),
    }
}

pub(super) fn live(seen: &Seen, seconds: i64) -> Live {
    match verdict(seen, seconds) {
        Verdict::Live(live) => live,
        verdict => panic!("{verdict:?}"),
    }
}

pub(super) fn reason(end: &End) -> &str {
    end.ending.reason.as_deref().unwrap_or_default()
}

/// A Job that runs, with these Pods and nothing else: the cluster was asked for more.
pub(super) fn seen(job: Option<JobSeen>, pods: Vec<PodSeen>) -> Seen {
    Seen {
        sight: Sight::Current,
        confirmed: true,
        job,
        pods: pods
            .into_iter()
            .map(|pod| (pod.uid.clone(), pod.into()))
            .collect(),
        ..Seen::default()
    }
}

pub(super) fn job() -> JobSeen {
    JobSeen {
        uid: JOB.to_owned(),
        revision: "7".to_owned(),
        generation: 2,
        suspended: false,
        parallelism: 1,
        deleting: false,
        retries: 0,
        active: 1,
        terminating: 0,
        failed: 0,
        succeeded: 0,
        started_at: Some(at(0)),
        conditions: Vec::new(),
        annotations: Default::default(),
    }
}

pub(super) fn condition(kind: &str, reason: &str, message: &str, seconds: i64) -> ConditionSeen {
    ConditionSeen {
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        since: Some(at(seconds)),
    }
}

/// A Job that failed for having no retry left.
pub(super) fn failed_job(seconds: i64) -> JobSeen {
    let message = "Job has reached the specified backoff limit";
    JobSeen {
        active: 0,
        failed: 1,
        conditions: vec![condition(
            "Failed",
            "BackoffLimitExceeded",
            message,
            seconds,
        )],
        ..job()
    }
}

/// A Job that was told to end, which its controller has seen.
pub(super) fn suspended_job(annotation: &str, text: &str, seconds: i64) -> JobSeen {
    JobSeen {
        generation: 3,
        suspended: true,
        active: 0,
        started_at: None,
        conditions: vec![condition("Suspended", "JobSuspended", "", seconds)],
        annotations: [(annotation.to_owned(), text.to_owned())].into(),
        ..job()
    }
}

/// A Pod that runs.
pub(super) fn pod() -> PodSeen {
    PodSeen {
        uid: "pod-1".to_owned(),
        name: "pod-1".to_owned(),
        job_uid: JOB.to_owned(),
        created_at: at(0),
        node: Some("node1".to_owned()),
        phase: Phase::Running,
        reason: None,
        message: None,
        deletion: None,
        conditions: Vec::new(),
        container: ContainerSeen::Running { started_at: at(1) },
    }
}

pub(super) fn waiting_pod(reason: &str, message: &str) -> PodSeen {
    PodSeen {
        phase: Phase::Pending,
        container: ContainerSeen::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        },
        ..pod()
    }
}

pub(super) fn ended_pod(exit_code: i32, reason: &str) -> PodSeen {
    PodSeen {
        container: ContainerSeen::Terminated {
            exit_code,
            signal: None,
            reason: reason.to_owned(),
            message: String::new(),
            started_at: Some(at(1)),
            finished_at: Some(at(9)),
        },
        ..pod()
    }
}
