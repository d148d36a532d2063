use super::super::super::seen::{ContainerSeen, JobSeen, Phase, PodSeen, Seen, Sight};
use super::super::{STOPPED_ANNOTATION, Verdict, Waiting, refused_pod};
use super::sample::{
    JOB, LATE, at, condition, end, ended_pod, failed_job, job, live, pod, reason, seen,
    suspended_job, verdict, waiting_pod,
};
use crate::domain::lifecycle::{Cause, Exit};

#[test]
fn nothing_is_said_before_all_has_been_listed() {
    let unlisted = Seen {
        sight: Sight::Listing,
        ..seen(None, Vec::new())
    };

    let (waiting, again_at) = (None, None);
    assert_eq!(
        verdict(&unlisted, LATE),
        Verdict::Blind { waiting, again_at }
    );
}

#[test]
fn nothing_is_said_while_a_watch_fails_and_soon_that_it_does() {
    let what = "Pods";
    let since = at(20);
    let told_at = at(30);
    for known in [
        seen(Some(failed_job(10)), Vec::new()),
        seen(Some(failed_job(10)), vec![pod()]),
        seen(Some(job()), vec![pod()]),
        seen(None, Vec::new()),
    ] {
        let failing = Seen {
            sight: Sight::Failing { what, since },
            ..known
        };

        let (waiting, again_at) = (None, Some(told_at));
        assert_eq!(verdict(&failing, 29), Verdict::Blind { waiting, again_at });
        let Verdict::Blind { waiting, .. } = verdict(&failing, 30) else {
            panic!("{failing:?}");
        };
        assert_eq!(
            waiting.unwrap().reason(),
            "the Pods of the cluster cannot be watched since 2026-11-20T10:00:20Z: how it stands is not known"
        );
    }
}

#[test]
fn what_was_shown_to_be_over_is_so_whatever_fails_then() {
    let what = "Jobs";
    let since = at(20);
    for known in [
        seen(Some(job()), vec![ended_pod(0, "Completed")]),
        seen(Some(failed_job(10)), vec![ended_pod(1, "Error")]),
    ] {
        let failing = Seen {
            sight: Sight::Failing { what, since },
            ..known
        };

        end(&failing);
    }
}

#[test]
fn what_is_not_shown_is_not_gone_before_the_cluster_was_asked() {
    let stopped = suspended_job(STOPPED_ANNOTATION, "me, 2026-11-20T10:00:20Z", 0);
    for confirmed in [
        seen(None, Vec::new()),
        seen(Some(failed_job(10)), Vec::new()),
        seen(Some(stopped), Vec::new()),
    ] {
        let shown = Seen {
            confirmed: false,
            ..confirmed.clone()
        };

        assert!(shown.is_doubtful());
        live(&shown, LATE);
        assert!(!confirmed.is_doubtful());
        end(&confirmed);
    }
}

#[test]
fn what_is_shown_needs_no_asking() {
    for known in [
        seen(Some(failed_job(10)), vec![ended_pod(1, "Error")]),
        seen(Some(job()), vec![pod()]),
        seen(Some(job()), vec![ended_pod(1, "Error")]),
    ] {
        let shown = Seen {
            confirmed: false,
            ..known
        };

        assert!(!shown.is_doubtful(), "{shown:?}");
    }
}

#[test]
fn a_job_that_only_asking_finds_is_there() {
    let found = Seen {
        astray: [JOB.to_owned()].into(),
        ..seen(Some(job()), vec![pod()])
    };

    let waiting = live(&found, 10).waiting.unwrap();

    assert_eq!(
        waiting.reason(),
        "its Job is there, but has lost the labels by which Proctor finds it"
    );
}

#[test]
fn what_no_controller_has_looked_at_waits_for_a_pod_since_it_was_let_run() {
    let untouched = JobSeen {
        active: 0,
        started_at: None,
        annotations: [(
            "proctor.dev/resumed-at".to_owned(),
            "2026-11-20T10:00:00Z".to_owned(),
        )]
        .into(),
        ..job()
    };
    let let_run = seen(Some(untouched.clone()), Vec::new());
    let touched_since = JobSeen {
        generation: 4,
        ..untouched
    };

    let (first, since) = (true, at(0));
    let waiting = Some(Waiting::Pod { first, since });
    assert_eq!(live(&let_run, 4).again_at, Some(at(5)));
    assert_eq!(live(&let_run, 5).waiting, waiting);
    let unconfirmed = Seen {
        confirmed: false,
        ..let_run
    };
    assert_eq!(live(&unconfirmed, 5).waiting, None);
    let touched = seen(Some(touched_since), Vec::new());
    assert_eq!(live(&touched, LATE).waiting, None);
}

#[test]
fn a_job_that_may_have_no_pod_waits_for_somebody_to_change_that() {
    let held = JobSeen {
        parallelism: 0,
        active: 0,
        ..job()
    };
    let ended = PodSeen {
        deletion: Some(at(30)),
        ..ended_pod(7, "Error")
    };
    for pods in [Vec::new(), vec![pod()], vec![ended]] {
        let waiting = live(&seen(Some(held.clone()), pods), LATE).waiting;

        assert_eq!(
            waiting.unwrap().reason(),
            "the parallelism of its Job was set to 0 by somebody else"
        );
    }
}

#[test]
fn an_exit_is_not_believed_early_when_somebody_had_a_hand_in_it() {
    let deleted = PodSeen {
        deletion: Some(at(30)),
        ..ended_pod(0, "Completed")
    };
    let disrupted = PodSeen {
        conditions: vec![condition(
            "DisruptionTarget",
            "EvictionByEvictionAPI",
            "",
            5,
        )],
        ..ended_pod(0, "Completed")
    };
    let lost = ended_pod(137, "ContainerStatusUnknown");
    for pod in [deleted, disrupted, lost] {
        live(&seen(Some(job()), vec![pod]), 10);
    }
}

#[test]
fn a_failure_with_a_retry_left_waits_for_the_next_attempt() {
    let retried = JobSeen {
        retries: 1,
        ..job()
    };
    let seen = Seen {
        confirmed: false,
        ..seen(Some(retried), vec![ended_pod(1, "Error")])
    };

    assert_eq!(live(&seen, 10).waiting, None);
    assert_eq!(live(&seen, 10).again_at, Some(at(14)));
    let waiting = live(&seen, 14).waiting.unwrap();
    assert_eq!(waiting.reason(), "its next attempt");
}

#[test]
fn a_command_that_cannot_be_started_has_no_exit_code() {
    let message = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc \
                   create failed: unable to start container process: error during container init: exec: \
                   \"/nope\": stat /nope: no such file or directory: unknown";
    let never_began = PodSeen {
        container: ContainerSeen::Terminated {
            exit_code: 128,
            signal: None,
            reason: "StartError".to_owned(),
            message: message.to_owned(),
            started_at: Some("1970-01-01T00:00:00Z".parse().unwrap()),
            finished_at: Some(at(2)),
        },
        ..pod()
    };

    let end = end(&seen(Some(job()), vec![never_began]));

    assert_eq!(end.cause, Cause::CannotStart);
    assert_eq!((end.ending.exit, end.ending.started_at), (None, None));
    assert_eq!(
        reason(&end),
        "cannot start: exec: \"/nope\": stat /nope: no such file or directory"
    );
}

#[test]
fn an_exit_code_above_128_stays_one_and_says_what_it_may_mean() {
    let end = end(&seen(Some(job()), vec![ended_pod(137, "Error")]));

    assert_eq!(end.ending.exit, Some(Exit::Code(137)));
    assert_eq!(reason(&end), "exit code 137: killed");
}

#[test]
fn a_finished_job_whose_pods_are_gone_has_its_own_words() {
    let end = end(&seen(Some(failed_job(10)), Vec::new()));

    assert_eq!(end.ending.exit, None);
    assert_eq!(
        reason(&end),
        "Job has reached the specified backoff limit, and its Pod is gone"
    );
}

#[test]
fn a_finished_job_waits_for_pods_that_still_run() {
    let seen = seen(Some(failed_job(10)), vec![pod()]);

    assert_eq!(live(&seen, LATE).waiting, None);
}

#[test]
fn an_eviction_by_a_node_is_told_with_its_cause() {
    let evicted = PodSeen {
        phase: Phase::Failed,
        reason: Some("Evicted".to_owned()),
        message: Some("The node was low on resource: memory.".to_owned()),
        ..ended_pod(137, "Error")
    };

    let end = end(&seen(Some(failed_job(10)), vec![evicted]));

    assert_eq!(
        reason(&end),
        "evicted: The node was low on resource: memory."
    );
    assert_eq!(end.ending.exit, Some(Exit::Code(137)));
}

#[test]
fn a_node_that_is_given_up_is_lost_without_an_exit_code() {
    let given_up = PodSeen {
        phase: Phase::Failed,
        deletion: Some(at(5)),
        conditions: vec![condition("DisruptionTarget", "DeletionByPodGC", "", 5)],
        ..pod()
    };

    let end = end(&seen(Some(failed_job(10)), vec![given_up]));

    assert_eq!((end.cause, end.ending.exit), (Cause::Exited, None));
    assert_eq!(reason(&end), "node lost: node1");
}

#[test]
fn a_node_that_does_not_confirm_an_end_keeps_it_live() {
    let going = PodSeen {
        deletion: Some(at(30)),
        ..pod()
    };
    let stopped = suspended_job(STOPPED_ANNOTATION, "me, 2026-11-20T10:00:20Z", 20);
    let seen = seen(Some(stopped), vec![going]);

    assert_eq!(live(&seen, 149).again_at, Some(at(150)));
    assert_eq!(live(&seen, 149).waiting, None);
    let waiting = live(&seen, 150).waiting.unwrap();
    assert_eq!(
        waiting.reason(),
        "node node1 has not confirmed the end since 2026-11-20T10:00:30Z"
    );
}

#[test]
fn a_job_of_another_uid_is_not_ours() {
    let foreign = JobSeen {
        uid: "another".to_owned(),
        ..job()
    };

    assert_eq!(end(&seen(Some(foreign), Vec::new())).cause, Cause::Gone);
}

#[test]
fn a_job_that_is_gone_is_not_over_while_a_pod_of_it_lives() {
    live(&seen(None, vec![pod()]), LATE);
}

#[test]
fn a_job_that_nobody_has_let_run_waits_for_nothing_that_would_be_told() {
    let prepared = JobSeen {
        generation: 1,
        suspended: true,
        started_at: None,
        ..job()
    };

    assert_eq!(live(&seen(Some(prepared), Vec::new()), LATE).waiting, None);
}

#[test]
fn patience_counts_from_the_attempt_that_waits() {
    let retried = JobSeen {
        retries: 1,
        failed: 1,
        ..job()
    };
    let second = PodSeen {
        uid: "pod-2".to_owned(),
        name: "pod-2".to_owned(),
        created_at: at(900),
        ..waiting_pod("ErrImagePull", "")
    };
    let seen = seen(Some(retried), vec![ended_pod(1, "Error"), second]);

    let waiting = live(&seen, 901).waiting;

    let reason = "image cannot be pulled: registry.example/tool:1".to_owned();
    let since = at(900);
    assert_eq!(waiting, Some(Waiting::Start { reason, since }));
}

#[test]
fn a_refused_pod_is_told_without_the_name_of_a_pod_that_never_was() {
    let quota = "Error creating: pods \"x-k8bvt\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, \
                 limited: pods=0";
    let account = "Error creating: pods \"x-k8bvt\" is forbidden: error looking up service account procs/robot: \
                   serviceaccount \"robot\" not found";

    assert_eq!(
        refused_pod(quota),
        "the quota forbids it: q, requested: pods=1, used: pods=3, limited: pods=0"
    );
    assert_eq!(
        refused_pod(account),
        "its Pod cannot be made: error looking up service account procs/robot: serviceaccount \"robot\" not found"
    );
}
