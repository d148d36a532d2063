use super::super::{Live, STOPPED_ANNOTATION, Verdict, Waiting, judge};
use super::recording::Recording;
use crate::domain::lifecycle::{Cause, Exit};

/// How a recorded execution ends, and at which change.
struct Told {
    cause: Cause,
    exit: Option<i32>,
    reason: Option<&'static str>,
    /// Milliseconds in the recording at which it is known.
    at: i64,
}

fn check(scenario: &str, told: &Told) {
    let recording = Recording::of(scenario);
    check_recording(scenario, &recording, told);
}

fn check_recording(scenario: &str, recording: &Recording, told: &Told) {
    let (at, end) = recording.first_end(&recording.events).unwrap();

    assert_eq!(end.cause, told.cause, "{scenario}: {end:?}");
    assert_eq!(end.ending.exit, told.exit.map(Exit::Code), "{scenario}");
    assert_eq!(end.ending.reason.as_deref(), told.reason, "{scenario}");
    assert_eq!(recording.events[at].after_ms, told.at, "{scenario}");
}

#[test]
fn a_success_is_known_from_its_pod() {
    for (scenario, at) in [
        ("success", 2395),
        ("suspended-then-resumed", 1507),
        ("ttl", 791),
    ] {
        let told = Told {
            cause: Cause::Exited,
            exit: Some(0),
            reason: None,
            at,
        };
        check(scenario, &told);
    }
}

#[test]
fn a_failure_is_known_from_the_pod_when_no_retry_is_left() {
    let told = |exit, reason, at| Told {
        cause: Cause::Exited,
        exit: Some(exit),
        reason,
        at,
    };
    check("exit-code", &told(3, None, 901));
    check("oom", &told(137, Some("out of memory: limit 32Mi"), 1884));
    check("retry-then-fail", &told(1, Some("after 2 attempts"), 11801));
}

#[test]
fn an_eviction_is_no_end_while_a_retry_is_left() {
    let told = Told {
        cause: Cause::Exited,
        exit: Some(0),
        reason: None,
        at: 17498,
    };
    check("evicted-once", &told);
}

#[test]
fn a_deadline_is_told_by_the_job_whatever_the_pod_exits_with() {
    let told = Told {
        cause: Cause::Deadline,
        exit: Some(0),
        reason: Some("its deadline was over"),
        at: 3794,
    };
    check("deadline", &told);
}

#[test]
fn a_job_that_somebody_deletes_is_gone_when_its_pods_are() {
    let told = |exit, at| Told {
        cause: Cause::Gone,
        exit: Some(exit),
        reason: Some("its Job was deleted by somebody else"),
        at,
    };
    check("stopped-foreground", &told(0, 3882));
    check("stopped-while-followed", &told(0, 3453));
    check("stopped-background-ignores-term", &told(137, 5040));
}

#[test]
fn a_stop_ends_when_the_cluster_has_nothing_left_of_it() {
    let mut recording = Recording::of("stopped-by-suspend");
    recording.annotate_suspension(STOPPED_ANNOTATION, "ops@example.com, 2026-11-20T21:50:17Z");
    recording.add_job_status(|status| status["terminating"] = 0.into());
    let told = Told {
        cause: Cause::Stopped,
        exit: Some(0),
        reason: None,
        at: 2927,
    };
    check_recording("stopped-by-suspend", &recording, &told);
}

#[test]
fn a_job_that_somebody_else_suspends_waits() {
    let recording = Recording::of("stopped-by-suspend");

    assert_eq!(recording.first_end(&recording.events), None);
    assert_eq!(waiting(&recording), Some(Waiting::Resume));
}

#[test]
fn what_holds_a_start_up_is_told_in_words() {
    let reasons = [
        (
            "image-missing",
            "image not found: registry.local/does-not-exist:1: failed to do request: Head \"https://registry.local/v2/does-not-exist/manifests/1\": dial tcp: lookup registry.local: no such host",
        ),
        ("config-error", "the secret absent is missing"),
        (
            "unschedulable",
            "cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
        ),
        ("quota-exceeded", "the cluster has made no Pod for it yet"),
    ];
    for (scenario, reason) in reasons {
        let recording = Recording::of(scenario);

        assert_eq!(recording.first_end(&recording.events), None, "{scenario}");
        let told = waiting(&recording).map(|waiting| waiting.reason());
        assert_eq!(told.as_deref(), Some(reason), "{scenario}");
    }
}

#[test]
fn nothing_is_said_to_wait_that_is_on_its_way() {
    for scenario in [
        "success",
        "exit-code",
        "suspended-then-resumed",
        "ttl",
        "oom",
        "deadline",
    ] {
        let recording = Recording::of(scenario);
        for (event, seen) in recording.replay(&recording.events) {
            let verdict = judge(&recording.expected(), &seen, recording.at(event.after_ms));
            if let Verdict::Live(Live { waiting, .. }) = verdict {
                assert_eq!(waiting, None, "{scenario} at {}", event.after_ms);
            }
        }
    }
}

/// What it waits for after all that was recorded.
fn waiting(recording: &Recording) -> Option<Waiting> {
    match recording.in_the_end(&recording.events) {
        Verdict::Live(live) => live.waiting,
        verdict => panic!("{verdict:?}"),
    }
}
