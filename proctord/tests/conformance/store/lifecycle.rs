//! Changes of state: the domain decides, the store keeps.

use std::sync::atomic::{AtomicU64, Ordering};

use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Cause, Event, Exit, State};
use proctord::store::{Change, Store, StoreError};

use super::sample::{
    accept, change, end, entry, import, imported, limited, moment, new_execution, run, seen, stop,
    success,
};
use super::subject::Subject;

static NEXT_V2_ID: AtomicU64 = AtomicU64::new(1 << 62);

pub async fn every_event_in_every_state_goes_by_the_rules_of_the_domain(subject: impl Subject) {
    let store = subject.store();
    for status in Status::ALL {
        for event in events() {
            for stopped in [false, true] {
                let mut before = reach(store, status).await;
                if stopped {
                    before = store
                        .request_stop(before.id, stop(None), entry("execution.stop"))
                        .await
                        .unwrap();
                }
                check(store, &before, event.clone()).await;
            }
        }
    }
}

async fn check(store: &dyn Store, before: &Execution, event: Event) {
    let expected = before
        .state
        .clone()
        .transition(event.clone(), before.stop.as_ref());
    let steps = store.steps(before.id).await.unwrap();

    let changed = change(store, before, event).await;

    let after = seen(store, before).await;
    let more = store.steps(before.id).await.unwrap().split_off(steps.len());
    match (expected, changed) {
        (Ok(state), Ok(changed)) => {
            assert_eq!(changed.state, state);
            assert_eq!(after, changed);
            assert_eq!(more.len(), 1);
            assert_eq!(more[0].status, state.status());
            assert_eq!(more[0].reason.as_deref(), state.reason());
            assert_eq!(more[0].at, changed.updated_at);
        }
        (Err(expected), Err(StoreError::Forbidden(forbidden))) => {
            assert_eq!(forbidden, expected);
            assert_eq!(&after, before);
            assert_eq!(more, []);
        }
        (expected, changed) => panic!("{changed:?} in place of {expected:?}"),
    }
}

/// An execution that stands there.
async fn reach(store: &dyn Store, status: Status) -> Execution {
    if path(status).is_none() {
        return import(
            store,
            imported(NEXT_V2_ID.fetch_add(1, Ordering::Relaxed), status),
        )
        .await;
    }
    let mut new = new_execution("say-hello");
    match status {
        Status::RequirementNotMet => new.refusal = Some("needs a command".into()),
        Status::Queued => {
            new = limited("busy", 1);
            accept(store, limited("busy", 1)).await;
        }
        _ => {}
    }
    let mut execution = accept(store, new).await;
    if status == Status::Stopped {
        store
            .request_stop(execution.id, stop(None), entry("execution.stop"))
            .await
            .unwrap();
    }
    for event in path(status).unwrap_or_default() {
        execution = change(store, &execution, event).await.unwrap();
    }
    assert_eq!(execution.status(), status);
    execution
}

/// How it gets there; `None` if that was possible in version 2 only.
fn path(status: Status) -> Option<Vec<Event>> {
    Some(match status {
        Status::Received | Status::Queued | Status::RequirementNotMet => vec![],
        Status::Created => vec![Event::Create],
        Status::CreationFailed => vec![Event::FailCreation {
            reason: "image not found".into(),
        }],
        Status::Running => vec![Event::Create, run()],
        Status::Succeeded => vec![Event::Create, run(), success()],
        Status::Failed => vec![Event::Create, end(Cause::Exited, Some(Exit::Signal(9)))],
        Status::TimedOut => vec![Event::Create, end(Cause::Deadline, None)],
        Status::Lost => vec![Event::Create, end(Cause::Gone, None)],
        Status::Stopped => vec![Event::Withdraw {
            at: moment("2026-11-20T12:00:00Z"),
        }],
        Status::Finished
        | Status::PodFailed
        | Status::JobCreationFailed
        | Status::PodCreationFailed
        | Status::FetchPodLogFailed
        | Status::JobReady
        | Status::PodReady => return None,
    })
}

fn events() -> Vec<Event> {
    vec![
        Event::Create,
        Event::Find,
        Event::FailCreation {
            reason: "image not found".into(),
        },
        run(),
        success(),
        end(Cause::Exited, Some(Exit::Code(3))),
        end(Cause::Exited, Some(Exit::Signal(9))),
        end(Cause::CannotStart, None),
        end(Cause::Deadline, Some(Exit::Signal(15))),
        end(Cause::Stopped, None),
        end(Cause::Gone, None),
        Event::Withdraw {
            at: moment("2026-11-20T12:00:01Z"),
        },
    ]
}

pub async fn what_is_finer_than_a_microsecond_is_cut_before_it_is_returned(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let mut intent = stop(None);
    intent.at = moment("2026-11-20T12:00:00.000000999Z");
    let created = change(store, &execution, Event::Create).await.unwrap();
    let started_at = moment("2026-11-20T12:00:00.123456789Z");

    let running = change(store, &created, Event::Run { started_at })
        .await
        .unwrap();
    let stopping = store
        .request_stop(execution.id, intent, entry("execution.stop"))
        .await
        .unwrap();

    let started_at = moment("2026-11-20T12:00:00.123456Z");
    assert_eq!(running.state, State::Running { started_at });
    assert_eq!(
        stopping.stop.as_ref().unwrap().at,
        moment("2026-11-20T12:00:00Z")
    );
    assert_eq!(seen(store, &execution).await, stopping);
}

pub async fn the_runners_handle_is_kept_through_later_changes(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    let create = Change {
        id: execution.id,
        fence: execution.fence,
        event: Event::Create,
        handle: Some("uid-1".into()),
        sealed_secrets: None,
    };

    let created = store.transition(create).await.unwrap();
    let ended = change(store, &created, success()).await.unwrap();

    assert_eq!(created.handle.as_deref(), Some("uid-1"));
    assert_eq!(ended.handle.as_deref(), Some("uid-1"));
    assert_eq!(seen(store, &execution).await, ended);
}

pub async fn of_two_ends_at_once_the_first_stands(subject: impl Subject) {
    let store = subject.store();
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();

    let (one, two) = futures::join!(
        change(store, &execution, success()),
        change(store, &execution, end(Cause::Gone, None)),
    );

    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("exactly one may win: {both:?}"),
    };
    assert!(matches!(lost, StoreError::Forbidden(_)), "{lost}");
    assert_eq!(seen(store, &execution).await, won);
}
