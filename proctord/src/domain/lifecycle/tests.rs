use jiff::Timestamp;
use proctor_api::Status;

use super::{Cause, End, Ending, Event, Exit, LateOutcome, Legacy, State, StopIntent};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ending(exit: Option<Exit>) -> Ending {
    Ending {
        exit,
        reason: None,
        started_at: None,
        finished_at: moment("2026-11-20T12:00:01Z"),
    }
}

fn end(cause: Cause, exit: Option<Exit>) -> Event {
    Event::End(End {
        cause,
        ending: ending(exit),
    })
}

fn states() -> Vec<State> {
    let reason = "why".to_owned();
    vec![
        State::Received,
        State::RequirementNotMet {
            reason: reason.clone(),
        },
        State::Queued,
        State::Created,
        State::CreationFailed { reason },
        State::Running {
            started_at: moment("2026-11-20T12:00:00Z"),
        },
        State::Succeeded(ending(Some(Exit::Code(0)))),
        State::Failed(ending(Some(Exit::Code(3)))),
        State::TimedOut(ending(None)),
        State::Stopped(ending(None)),
        State::Lost(ending(None)),
        legacy(Status::Finished),
        legacy(Status::Created),
    ]
}

/// Where an execution of version 2 stood.
fn legacy(status: Status) -> State {
    State::Legacy(Legacy {
        v2_id: 1 << 62,
        status,
        reason: None,
    })
}

fn events() -> Vec<Event> {
    vec![
        Event::Create,
        Event::Find,
        Event::FailCreation {
            reason: "no".into(),
        },
        Event::Run {
            started_at: moment("2026-11-20T12:00:00Z"),
        },
        end(Cause::Exited, Some(Exit::Code(0))),
        Event::Withdraw {
            at: moment("2026-11-20T12:00:00Z"),
        },
        give_up(None),
    ]
}

fn give_up(unconfirmed: Option<&str>) -> Event {
    Event::GiveUp {
        by: "root@example.com".into(),
        at: moment("2026-11-20T12:30:00Z"),
        unconfirmed: unconfirmed.map(ToOwned::to_owned),
    }
}

fn stop() -> StopIntent {
    StopIntent {
        by: "ops@example.com".into(),
        at: moment("2026-11-20T11:59:59Z"),
        grace_seconds: None,
    }
}

/// The edge table of the design: what is not in it is forbidden.
#[test]
fn exactly_the_edges_of_the_table_exist() {
    let edges = [
        (Status::Received, "become created", Status::Created),
        (Status::Queued, "become created", Status::Created),
        (Status::Received, "be found", Status::Created),
        (Status::Queued, "be found", Status::Created),
        (Status::Created, "be found", Status::Created),
        (
            Status::Received,
            "fail to be created",
            Status::CreationFailed,
        ),
        (Status::Queued, "fail to be created", Status::CreationFailed),
        (
            Status::Created,
            "fail to be created",
            Status::CreationFailed,
        ),
        (Status::Created, "begin to run", Status::Running),
        (Status::Created, "end", Status::Succeeded),
        (Status::Running, "end", Status::Succeeded),
    ];
    for state in states() {
        for event in events() {
            let is_edge = |edge: &&(Status, &str, Status)| {
                state.legacy().is_none() && edge.0 == state.status() && edge.1 == event.verb()
            };
            let expected = edges.iter().find(is_edge);
            let seen = state
                .clone()
                .transition(event.clone(), None)
                .map(|next| next.status());
            assert_eq!(
                seen.ok(),
                expected.map(|edge| edge.2),
                "{state:?} and {event:?}"
            );
        }
    }
}

#[test]
fn nothing_follows_what_is_over() {
    for state in states().into_iter().filter(State::is_over) {
        for event in events() {
            assert!(
                state.clone().transition(event, Some(&stop())).is_err(),
                "{state:?}"
            );
        }
    }
}

#[test]
fn the_cause_and_the_exit_decide_the_outcome() {
    let cases = [
        (Cause::Exited, Some(Exit::Code(0)), Status::Succeeded),
        (Cause::Exited, Some(Exit::Code(3)), Status::Failed),
        (Cause::Exited, Some(Exit::Signal(11)), Status::Failed),
        (Cause::Exited, None, Status::Failed),
        (Cause::CannotStart, None, Status::Failed),
        (Cause::Stopped, Some(Exit::Signal(15)), Status::Failed),
        (Cause::Deadline, Some(Exit::Code(0)), Status::TimedOut),
        (Cause::Gone, None, Status::Lost),
        (Cause::NeverStarted, None, Status::CreationFailed),
    ];
    for (cause, exit, expected) in cases {
        let state = State::Created.transition(end(cause, exit), None).unwrap();
        assert_eq!(state.status(), expected, "{cause:?} {exit:?}");
    }
}

#[test]
fn what_never_started_was_not_created_unless_it_was_stopped_or_seen_to_run() {
    let never = || end(Cause::NeverStarted, None);
    let running = State::Running {
        started_at: moment("2026-11-20T12:00:00Z"),
    };

    let stopped = State::Created.transition(never(), Some(&stop())).unwrap();
    let failed = running.transition(never(), None).unwrap();

    assert_eq!(stopped.status(), Status::Stopped);
    assert_eq!(failed.status(), Status::Failed);
}

#[test]
fn an_end_after_a_stop_intent_is_a_stop_and_keeps_its_exit() {
    let running = State::Running {
        started_at: moment("2026-11-20T12:00:00Z"),
    };

    let state = running
        .transition(end(Cause::Exited, Some(Exit::Code(7))), Some(&stop()))
        .unwrap();

    assert_eq!(state.status(), Status::Stopped);
    assert_eq!(state.ending().unwrap().exit, Some(Exit::Code(7)));
    assert_eq!(state.started_at(), Some(moment("2026-11-20T12:00:00Z")));
}

#[test]
fn what_the_runner_never_had_is_withdrawn_only_by_a_stop() {
    let at = moment("2026-11-20T12:00:00Z");
    for state in [State::Received, State::Queued, State::Created] {
        assert!(
            state
                .clone()
                .transition(Event::Withdraw { at }, None)
                .is_err()
        );
        let stopped = state
            .transition(Event::Withdraw { at }, Some(&stop()))
            .unwrap();
        assert_eq!(stopped.status(), Status::Stopped);
        let reason = stopped.reason().unwrap();
        assert_eq!(reason, "stopped by ops@example.com before it began");
    }
    let running = State::Running { started_at: at };
    assert!(
        running
            .transition(Event::Withdraw { at }, Some(&stop()))
            .is_err()
    );
}

#[test]
fn whatever_is_live_is_given_up_once_it_does_not_end_though_it_should() {
    let why = "node n1 has not confirmed the end since 2026-11-20T12:00:00Z";
    for state in states() {
        let live = !state.is_over();
        let started_at = state.started_at();
        assert!(state.clone().transition(give_up(None), None).is_err());

        let stopped = state.clone().transition(give_up(None), Some(&stop()));
        let unconfirmed = state.transition(give_up(Some(why)), None);

        assert_eq!((stopped.is_ok(), unconfirmed.is_ok()), (live, live));
        let Ok(State::Lost(ending)) = unconfirmed else {
            assert!(!live, "{unconfirmed:?}");
            continue;
        };
        assert_eq!(
            ending.reason.unwrap(),
            format!("given up by root@example.com; {why}")
        );
        assert_eq!((ending.exit, ending.started_at), (None, started_at));
        assert_eq!(ending.finished_at, moment("2026-11-20T12:30:00Z"));
        assert_eq!(
            stopped.unwrap().reason().unwrap(),
            "given up by root@example.com; stopped by ops@example.com at 2026-11-20T11:59:59Z, \
             and its end was not seen"
        );
    }
}

#[test]
fn whatever_is_live_is_lost_with_its_host() {
    let lose = || Event::LoseHost {
        host: "host-1".into(),
        silent_since: moment("2026-11-19T12:30:00Z"),
        at: moment("2026-11-20T12:30:00Z"),
    };
    for state in states() {
        let (live, started_at) = (!state.is_over(), state.started_at());
        // A wish to stop is no proof that it has ended.
        for stop in [None, Some(stop())] {
            let lost = state.clone().transition(lose(), stop.as_ref());

            assert_eq!(lost.is_ok(), live);
            let Ok(State::Lost(ending)) = lost else {
                assert!(!live, "{lost:?}");
                continue;
            };
            let reason = "its host host-1 has been silent since 2026-11-19T12:30:00Z";
            assert_eq!(ending.reason.as_deref(), Some(reason));
            assert_eq!((ending.exit, ending.started_at), (None, started_at));
        }
    }
}

#[test]
fn nobody_in_particular_may_give_it_up() {
    let event = Event::GiveUp {
        by: String::new(),
        at: moment("2026-11-20T12:30:00Z"),
        unconfirmed: Some("why".into()),
    };

    let state = State::Created.transition(event, None).unwrap();

    assert_eq!(state.reason(), Some("given up; why"));
}

#[test]
fn a_late_outcome_is_what_the_end_would_have_been_in_time() {
    let late = |cause, exit, stop: Option<&StopIntent>| {
        let end = End {
            cause,
            ending: ending(exit),
        };
        let late = LateOutcome::of(end, stop);
        assert_eq!(late.at, moment("2026-11-20T12:00:01Z"));
        assert_eq!(late.exit, exit);
        (late.status, late.reason)
    };

    let (status, reason) = late(Cause::Exited, Some(Exit::Code(0)), Some(&stop()));
    assert_eq!(status, Status::Stopped);
    assert_eq!(reason.unwrap(), "stopped by ops@example.com");
    assert_eq!(
        late(Cause::Exited, Some(Exit::Code(3)), None),
        (Status::Failed, None)
    );
    // Only the housekeeping stops what nobody wished to stop.
    let (status, reason) = late(Cause::Stopped, Some(Exit::Signal(9)), None);
    assert_eq!(status, Status::Stopped);
    assert_eq!(reason.unwrap(), "stopped, since it was taken for lost");
}
