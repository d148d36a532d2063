//! Ends that are seen only after the execution was LOST.

use proctor_api::Status;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Cause, Event, Exit, LateOutcome};
use proctord::store::{Store, StoreError};

use super::sample::{
    accept, change, end, import, imported, moment, new_execution, replica, run, seen,
};
use super::subject::Subject;

fn late(exit: Exit) -> LateOutcome {
    LateOutcome {
        status: Status::Failed,
        exit: Some(exit),
        reason: Some("out of memory: limit 32Mi".into()),
        at: moment("2026-11-20T13:00:00.123456Z"),
    }
}

/// One that is LOST.
async fn lost(store: &dyn Store) -> Execution {
    let execution = accept(store, new_execution("say-hello")).await;
    change(store, &execution, Event::Create).await.unwrap();
    change(store, &execution, run()).await.unwrap();
    change(store, &execution, end(Cause::Gone, None))
        .await
        .unwrap()
}

async fn note(
    store: &dyn Store,
    execution: &Execution,
    outcome: LateOutcome,
) -> Result<Execution, StoreError> {
    let Execution { id, fence, .. } = *execution;
    store.note_late_outcome(id, fence, outcome).await
}

pub async fn the_first_one_is_kept_beside_the_outcome(subject: impl Subject) {
    let store = subject.store();
    for exit in [Exit::Code(137), Exit::Signal(9)] {
        let lost = lost(store).await;
        let steps = store.steps(lost.id).await.unwrap();

        let noted = note(store, &lost, late(exit)).await.unwrap();
        let again = note(store, &lost, late(Exit::Code(1))).await.unwrap();

        assert_eq!(noted.late_outcome, Some(late(exit)));
        assert_eq!(noted.state, lost.state);
        assert!(noted.updated_at >= lost.updated_at);
        assert_eq!(again, noted);
        assert_eq!(seen(store, &lost).await, noted);
        assert_eq!(store.steps(lost.id).await.unwrap(), steps);
    }
}

pub async fn of_two_at_once_one_is_kept(subject: impl Subject) {
    let store = subject.store();
    let lost = lost(store).await;

    let (one, two) = futures::join!(
        note(store, &lost, late(Exit::Code(1))),
        note(store, &lost, late(Exit::Code(2))),
    );

    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    assert_eq!(seen(store, &lost).await, one);
}

pub async fn only_what_is_lost_has_one_and_only_its_owner_knows_it(subject: impl Subject) {
    let store = subject.store();
    let live = accept(store, new_execution("say-hello")).await;
    let legacy = import(store, imported(1 << 61, Status::Finished)).await;
    for execution in [&live, &legacy] {
        let refused = note(store, execution, late(Exit::Code(1))).await;
        assert!(
            matches!(refused, Err(StoreError::Forbidden(_))),
            "{refused:?}"
        );
        assert_eq!(&seen(store, execution).await, execution);
    }
    let old = lost(store).await;
    store.adopt_host(&replica("replica-2")).await.unwrap();

    let refused = note(store, &old, late(Exit::Code(1))).await;

    assert!(
        matches!(refused, Err(StoreError::FenceLost(id)) if id == old.id),
        "{refused:?}"
    );
    assert_eq!(seen(store, &old).await.late_outcome, None);
}
