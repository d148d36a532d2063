//! What a live execution waits for.

use proctord::domain::lifecycle::Event;
use proctord::store::StoreError;

use super::sample::{accept, change, new_execution, replica, run, seen, success};
use super::subject::Subject;

pub async fn what_it_waits_for_is_shown_until_the_next_change(subject: impl Subject) {
    let store = subject.store();
    let received = accept(store, new_execution("say-hello")).await;
    let created = change(store, &received, Event::Create).await.unwrap();
    assert_eq!(created.waiting, None);
    let steps = store.steps(created.id).await.unwrap();

    for waiting in [Some("an image"), Some("a node"), None, Some("a \0 quota")] {
        store
            .note_waiting(created.id, created.fence, waiting)
            .await
            .unwrap();
        let noted = seen(store, &created).await.waiting;
        // One of the databases takes no NUL.
        let noted = noted.map(|text| text.replace('\u{fffd}', "\0"));
        assert_eq!(noted.as_deref(), waiting);
    }

    assert_eq!(store.steps(created.id).await.unwrap(), steps);
    let running = change(store, &created, run()).await.unwrap();
    assert_eq!(running.waiting, None);
    assert_eq!(seen(store, &running).await, running);
}

pub async fn only_its_owner_says_what_it_waits_for_and_only_while_it_is_live(
    subject: impl Subject,
) {
    let store = subject.store();
    let old = accept(store, new_execution("say-hello")).await;
    let new = store
        .adopt_host(&replica("replica-2"))
        .await
        .unwrap()
        .remove(0);

    let refused = store.note_waiting(old.id, old.fence, Some("late")).await;

    assert!(
        matches!(refused, Err(StoreError::FenceLost(id)) if id == old.id),
        "{refused:?}"
    );
    assert_eq!(seen(store, &new).await.waiting, None);
    let created = change(store, &new, Event::Create).await.unwrap();
    let ended = change(store, &created, success()).await.unwrap();
    store
        .note_waiting(ended.id, ended.fence, Some("late"))
        .await
        .unwrap();
    assert_eq!(seen(store, &ended).await, ended);
}
