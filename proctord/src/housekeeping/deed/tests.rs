use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Deed, Keeping, of};
use crate::domain::args::Args;
use crate::domain::execution::{Execution, Fence, Plan, RunnerKind};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{Ending, LateOutcome, State, StopIntent};
use crate::domain::name::ExecutionName;
use crate::runner::{Held, HeldStage};

const KEEP: Duration = Duration::from_mins(10);
const STAGES: [HeldStage; 4] = [
    HeldStage::Prepared,
    HeldStage::Started,
    HeldStage::Ended,
    HeldStage::Unknown,
];

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn execution(state: State, age: SignedDuration) -> Execution {
    let at = now() - age;
    Execution {
        id: ExecutionId::compose(at, 1),
        name: ExecutionName::generate(),
        proc_name: "say-hello".parse().unwrap(),
        user: String::new(),
        plan: Plan {
            image: String::new(),
            command: None,
            bundle: None,
            args: Args::new(),
            secret_names: Vec::new(),
            groups: Vec::new(),
            deadline_seconds: None,
            retries: 0,
            resources: None,
            max_concurrent: None,
            kubernetes: None,
            mail: None,
        },
        runner: RunnerKind::Kubernetes,
        host: None,
        state,
        stop: None,
        created_at: at,
        updated_at: at,
        start_before: at,
        callback_url: None,
        owner: "replica-1".into(),
        fence: Fence(1),
        handle: Some("uid-1".into()),
        log_open: false,
        waiting: None,
        held: false,
        late_outcome: None,
    }
}

fn ended(age: SignedDuration) -> Execution {
    let ending = Ending {
        exit: None,
        reason: None,
        started_at: None,
        finished_at: now(),
    };
    execution(State::Failed(ending), age)
}

fn deed(execution: Option<&Execution>, stage: HeldStage, handle: &str) -> Deed {
    let held = Held {
        name: ExecutionName::generate(),
        handle: Some(handle.into()),
        stage,
    };
    let keeping = Keeping {
        keep: KEEP,
        now: now(),
    };
    of(&held, execution, keeping)
}

#[test]
fn of_a_stranger_only_what_never_ran_goes() {
    let deeds = STAGES.map(|stage| deed(None, stage, "uid-1"));
    assert_eq!(deeds, [Deed::Discard, Deed::Tell, Deed::Tell, Deed::Leave]);
}

#[test]
fn of_a_live_execution_only_what_is_not_its_own_and_never_ran_goes() {
    let live = execution(State::Created, SignedDuration::from_hours(1));
    for stage in STAGES {
        assert_eq!(deed(Some(&live), stage, "uid-1"), Deed::Leave, "{stage:?}");
    }
    assert_eq!(
        deed(Some(&live), HeldStage::Prepared, "uid-2"),
        Deed::Discard
    );
    assert_eq!(deed(Some(&live), HeldStage::Started, "uid-2"), Deed::Leave);
    assert_eq!(
        deed(Some(&live), HeldStage::Prepared, "uid-1@procs/n-1"),
        Deed::Leave
    );

    let mut unnamed = execution(State::Received, SignedDuration::ZERO);
    unnamed.handle = None;
    assert_eq!(
        deed(Some(&unnamed), HeldStage::Prepared, "uid-2"),
        Deed::Leave
    );
}

#[test]
fn what_is_over_stays_as_long_as_it_is_kept_and_its_log_is_open() {
    let just = ended(SignedDuration::from_secs(599));
    let long = ended(SignedDuration::from_mins(10));
    let mut open = long.clone();
    open.log_open = true;
    for stage in [HeldStage::Ended, HeldStage::Unknown] {
        assert_eq!(deed(Some(&just), stage, "uid-1"), Deed::Leave);
        assert_eq!(deed(Some(&open), stage, "uid-1"), Deed::Leave);
        assert_eq!(deed(Some(&long), stage, "uid-1"), Deed::Discard);
    }
}

#[test]
fn what_is_over_does_not_run_and_will_not() {
    let just = ended(SignedDuration::from_secs(59));
    let later = ended(SignedDuration::from_mins(1));

    assert_eq!(
        deed(Some(&just), HeldStage::Prepared, "uid-1"),
        Deed::Discard
    );
    assert_eq!(deed(Some(&just), HeldStage::Started, "uid-1"), Deed::Leave);
    assert_eq!(deed(Some(&later), HeldStage::Started, "uid-1"), Deed::Stop);
}

/// One that is LOST, and whether somebody gave it up.
fn lost(given_up: bool, age: SignedDuration) -> Execution {
    let State::Failed(ending) = ended(age).state else {
        unreachable!("it has failed")
    };
    let mut lost = execution(State::Lost(ending), age);
    lost.stop = given_up.then(|| StopIntent {
        by: String::new(),
        at: now(),
        grace_seconds: None,
    });
    lost
}

#[test]
fn what_was_lost_goes_once_it_is_known_how_it_ended() {
    let long = SignedDuration::from_hours(1);
    for given_up in [false, true] {
        let mut lost = lost(given_up, long);
        let of = |lost: &Execution, uid| deed(Some(lost), HeldStage::Ended, uid);

        assert_eq!(of(&lost, "uid-1"), Deed::Learn);
        // Another Job of that name tells nothing of it.
        assert_eq!(of(&lost, "uid-2"), Deed::Discard);
        lost.late_outcome = Some(LateOutcome {
            status: proctor_api::Status::Stopped,
            exit: None,
            reason: None,
            at: now(),
        });
        assert_eq!(of(&lost, "uid-1"), Deed::Discard);
    }
}

#[test]
fn a_folder_is_asked_for_the_end_of_what_was_lost() {
    let deed_after = |given_up, age| {
        let lost = lost(given_up, age);
        deed(Some(&lost), HeldStage::Unknown, "uid-1")
    };
    let minute = SignedDuration::from_mins(1);

    assert_eq!(
        deed_after(true, minute - SignedDuration::from_secs(1)),
        Deed::Leave
    );
    assert_eq!(deed_after(true, minute), Deed::Learn);
    assert_eq!(deed_after(false, minute), Deed::Learn);
    assert_eq!(deed_after(true, minute * 10), Deed::Discard);
}
