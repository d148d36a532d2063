//! Jobs that were told to end, and the attempts that nobody has seen.

use super::super::super::seen::{JobSeen, Seen};
use super::super::{GIVEN_UP_ANNOTATION, STOPPED_ANNOTATION, Verdict};
use super::sample::{
    LATE, at, end, ended_pod, failed_job, job, live, reason, seen, suspended_job, verdict,
    waiting_pod,
};
use crate::domain::lifecycle::{Cause, Exit};

#[test]
fn what_no_controller_has_looked_at_has_ended_when_it_is_suspended_for_good() {
    let ended = |annotation| JobSeen {
        conditions: Vec::new(),
        ..suspended_job(annotation, "me, 2026-11-20T10:00:20Z", 20)
    };
    let stopped = seen(Some(ended(STOPPED_ANNOTATION)), Vec::new());
    let given_up = seen(Some(ended(GIVEN_UP_ANNOTATION)), Vec::new());
    let looked_at = JobSeen {
        started_at: Some(at(1)),
        ..ended(STOPPED_ANNOTATION)
    };

    live(&stopped, 24);
    assert_eq!(end(&stopped).cause, Cause::Stopped);
    assert_eq!(end(&given_up).cause, Cause::NeverStarted);
    live(&seen(Some(looked_at), Vec::new()), LATE);
}

#[test]
fn an_exit_is_not_believed_early_when_a_stop_is_recorded() {
    let stopping = JobSeen {
        annotations: [(STOPPED_ANNOTATION.to_owned(), "me".to_owned())].into(),
        ..job()
    };

    live(&seen(Some(stopping), vec![ended_pod(0, "Completed")]), 10);
}

#[test]
fn an_earlier_attempt_is_not_taken_for_the_last_one_that_nobody_has_seen() {
    let earlier = ended_pod(125, "Error");
    let twice = JobSeen {
        failed: 2,
        ..failed_job(11)
    };
    let found_alive = |uids: &str| JobSeen {
        annotations: [("proctor.dev/ended-pods".to_owned(), uids.to_owned())].into(),
        ..twice.clone()
    };

    // It may have been the last one, and another one missing that came before it.
    for job in [&twice, &found_alive("pod-1")] {
        let decided = end(&seen(Some(job.clone()), vec![earlier.clone()]));
        assert_eq!(decided.ending.exit, Some(Exit::Code(125)));
    }
    let long_after = JobSeen {
        failed: 2,
        ..failed_job(21)
    };
    for job in [long_after, found_alive("pod-2")] {
        let over_at = job.conditions[0].since;
        let unknown = end(&seen(Some(job), vec![earlier.clone()]));
        assert_eq!(unknown.ending.exit, None);
        assert_eq!(Some(unknown.ending.finished_at), over_at);
    }
}

#[test]
fn a_stop_does_not_tell_the_exit_code_of_an_attempt_before_the_one_that_it_ended() {
    let stopped = JobSeen {
        annotations: [
            (
                STOPPED_ANNOTATION.to_owned(),
                "me, 2026-11-20T10:00:20Z".to_owned(),
            ),
            ("proctor.dev/ended-pods".to_owned(), "pod-2".to_owned()),
        ]
        .into(),
        ..suspended_job(STOPPED_ANNOTATION, "", 21)
    };

    let told = end(&seen(Some(stopped), vec![ended_pod(125, "Error")]));

    assert_eq!((told.cause, told.ending.exit), (Cause::Stopped, None));
}

#[test]
fn a_stop_between_two_attempts_tells_no_exit_code() {
    let stopped = |retries| JobSeen {
        retries,
        failed: 1,
        ..suspended_job(STOPPED_ANNOTATION, "me, 2026-11-20T10:00:20Z", 21)
    };
    let exit = |retries| {
        let told = end(&seen(Some(stopped(retries)), vec![ended_pod(7, "Error")]));
        told.ending.exit
    };

    assert_eq!(exit(1), None);
    assert_eq!(exit(0), Some(Exit::Code(7)));
}

#[test]
fn a_stop_before_the_first_pod_waits_for_one_that_may_just_have_been_made() {
    let stopped = suspended_job(STOPPED_ANNOTATION, "me, 2026-11-20T10:00:20Z", 0);
    let seen = seen(Some(stopped), Vec::new());

    assert_eq!(live(&seen, 21).again_at, Some(at(25)));
    assert_eq!(end(&seen).cause, Cause::Stopped);
}

#[test]
fn a_stop_of_what_was_never_let_run_is_over_at_once() {
    let stopped = JobSeen {
        generation: 1,
        ..suspended_job(STOPPED_ANNOTATION, "me, 2026-11-20T10:00:20Z", 0)
    };

    let verdict = verdict(&seen(Some(stopped), Vec::new()), 20);

    assert!(matches!(verdict, Verdict::Ended(end) if end.cause == Cause::Stopped));
}

#[test]
fn what_was_given_up_never_started_unless_it_ran_before() {
    let given_up = || suspended_job(GIVEN_UP_ANNOTATION, "image not found: x", 20);
    let gone = waiting_pod("ImagePullBackOff", "");
    let never = Seen {
        departed: [(gone.uid.clone(), gone.into())].into(),
        ..seen(Some(given_up()), Vec::new())
    };
    let once = seen(Some(given_up()), vec![ended_pod(1, "Error")]);

    assert_eq!(end(&never).cause, Cause::NeverStarted);
    assert_eq!(reason(&end(&never)), "image not found: x");
    assert_eq!(end(&once).cause, Cause::Exited);
    assert_eq!(reason(&end(&once)), "image not found: x");
}

#[test]
fn a_job_that_was_told_to_end_ended_so_even_if_it_is_gone_by_now() {
    let departed_job = Some(suspended_job(STOPPED_ANNOTATION, "me", 20));
    let seen = Seen {
        departed_job,
        ..seen(None, Vec::new())
    };

    assert_eq!(end(&seen).cause, Cause::Stopped);
}
