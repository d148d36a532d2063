use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Cursor, PodKey, Standing, followed, next_unread, pods, standing};
use crate::runner::kubernetes::logs::cursor::Position;
use crate::runner::kubernetes::seen::{ContainerSeen, Phase, PodSeen, Seen, Sight};

fn pod(uid: &str, created_at: i64, container: ContainerSeen) -> PodSeen {
    PodSeen {
        uid: uid.to_owned(),
        name: format!("pod-{uid}"),
        job_uid: "job".to_owned(),
        created_at: Timestamp::from_second(created_at).unwrap(),
        node: None,
        phase: Phase::Running,
        reason: None,
        message: None,
        deletion: None,
        conditions: Vec::new(),
        container,
    }
}

fn terminated(reason: &str) -> ContainerSeen {
    ContainerSeen::Terminated {
        exit_code: 3,
        signal: None,
        reason: reason.to_owned(),
        message: String::new(),
        started_at: None,
        finished_at: None,
    }
}

fn running() -> ContainerSeen {
    ContainerSeen::Running {
        started_at: Timestamp::UNIX_EPOCH,
    }
}

fn seen(there: &[PodSeen], departed: &[PodSeen]) -> Seen {
    let by_uid = |pods: &[PodSeen]| {
        pods.iter()
            .map(|pod| (pod.uid.clone(), pod.clone().into()))
            .collect()
    };
    Seen {
        sight: Sight::Current,
        confirmed: true,
        pods: by_uid(there),
        departed: by_uid(departed),
        told_gone: departed.iter().map(|pod| pod.uid.clone()).collect(),
        ..Seen::default()
    }
}

#[test]
fn attempts_are_the_pods_of_the_job_in_the_order_of_their_creation() {
    let other = PodSeen {
        job_uid: "another".to_owned(),
        ..pod("c", 1, running())
    };
    let seen = seen(&[pod("a", 9, running()), other], &[pod("b", 5, running())]);

    let of_job: Vec<_> = pods(&seen, Some("job"))
        .into_iter()
        .map(|(key, _)| key.uid.to_string())
        .collect();

    assert_eq!(of_job, ["b", "a"]);
    assert_eq!(pods(&seen, None).len(), 3);
}

#[test]
fn a_log_is_open_until_the_node_says_otherwise() {
    let of = |pod: PodSeen, over: bool| standing(&seen(&[pod], &[]), "a", over);
    let failed = PodSeen {
        phase: Phase::Failed,
        ..pod("a", 1, running())
    };
    let evicted = PodSeen {
        phase: Phase::Failed,
        ..pod("a", 1, ContainerSeen::Untold)
    };

    assert_eq!(of(pod("a", 1, running()), true), Standing::Open);
    assert_eq!(
        of(pod("a", 1, terminated("Error")), false),
        Standing::Closed
    );
    assert_eq!(of(failed, false), Standing::Closed);
    assert_eq!(of(evicted, false), Standing::Never);
    assert_eq!(
        of(pod("a", 1, terminated("StartError")), false),
        Standing::Never
    );
    assert_eq!(
        of(pod("a", 1, ContainerSeen::Untold), false),
        Standing::Unborn
    );
    assert_eq!(
        of(pod("a", 1, ContainerSeen::Untold), true),
        Standing::Never
    );
}

#[test]
fn absence_is_a_fact_only_when_the_cluster_has_said_so() {
    let departed = |container| {
        let told = seen(&[], &[pod("a", 1, container)]);
        let lost = Seen {
            told_gone: BTreeSet::new(),
            ..told.clone()
        };
        [told, lost].map(|seen| standing(&seen, "a", false))
    };
    let unseen = |seen: &Seen, is_past| standing(seen, "a", is_past);

    assert_eq!(departed(running()), [Standing::Gone, Standing::Gone]);
    assert_eq!(
        departed(ContainerSeen::Untold),
        [Standing::Never, Standing::Gone],
        "what was lost from sight may have begun after that"
    );
    let never_began = [Standing::Never, Standing::Never];
    assert_eq!(departed(terminated("StartError")), never_began);
    assert_eq!(unseen(&seen(&[], &[]), false), Standing::Gone);
    let unconfirmed = Seen {
        confirmed: false,
        ..seen(&[], &[])
    };
    assert_eq!(unseen(&unconfirmed, true), Standing::Unborn);
    let unlisted = Seen {
        sight: Sight::Listing,
        ..seen(&[], &[])
    };
    assert_eq!(unseen(&unlisted, true), Standing::Unborn);
}

#[test]
fn what_became_of_an_attempt_is_told_as_far_as_it_is_known() {
    let told = |container| followed(1, Some(&pod("a", 1, container)));

    assert_eq!(
        told(terminated("Error")),
        "attempt 1 exited with 3; next attempt"
    );
    assert_eq!(
        told(terminated("ContainerStatusUnknown")),
        "attempt 1 ended; next attempt"
    );
    assert_eq!(
        told(ContainerSeen::Untold),
        "attempt 1 never began; next attempt"
    );
    assert_eq!(followed(2, None), "attempt 2 ended; next attempt");
}

#[test]
fn what_was_read_before_a_cursor_is_not_read_again_and_nothing_else_is_left_out() {
    let key = |(second, uid): (i64, &str)| PodKey {
        created_at: Timestamp::from_second(second).unwrap(),
        uid: uid.into(),
    };
    let next = |pods: &[(i64, &str)], attempt, pod| {
        let cursor = Cursor {
            attempt,
            torn: false,
            pod: key(pod),
            position: Position::Beginning,
        };
        let pods = pods.iter().copied().map(key).collect();
        next_unread(pods, &BTreeSet::new(), Some(&cursor)).map(|pod| pod.uid.to_string())
    };

    assert_eq!(next(&[(1, "b"), (9, "a")], 1, (1, "b")), Some("a".into()));
    assert_eq!(next(&[(1, "b"), (9, "a")], 2, (9, "a")), None);
    // The Pod of the cursor is gone.
    assert_eq!(next(&[(1, "b"), (9, "c")], 2, (5, "a")), Some("c".into()));
    // Pods of one second.
    assert_eq!(next(&[(1, "a"), (1, "b")], 1, (1, "b")), Some("a".into()));
    assert_eq!(next(&[(1, "a"), (1, "b")], 2, (1, "a")), None);
    assert_eq!(
        next(&[(1, "a"), (1, "b"), (1, "c")], 2, (1, "b")),
        Some("c".into())
    );
}
