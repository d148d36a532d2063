//! Deliveries that an execution's end causes.

use proctord::domain::lifecycle::Event;

use super::sample::{accept, change, log_end, new_execution, seen, success};
use super::subject::Subject;

pub async fn an_end_with_a_callback_is_a_delivery_that_waits_for_the_log(subject: impl Subject) {
    let store = subject.store();
    let mut new = new_execution("say-hello");
    new.callback_url = Some("https://example.com/done".into());
    let mut refused = new_execution("say-hello");
    refused.callback_url = Some("https://example.com/refused".into());
    refused.refusal = Some("needs a command".into());
    let silent = accept(store, new_execution("say-hello")).await;
    let execution = accept(store, new).await;
    for execution in [&silent, &execution] {
        change(store, execution, Event::Create).await.unwrap();
        assert!(subject.deliveries().await.is_empty());
    }
    for execution in [&silent, &execution] {
        change(store, execution, success()).await.unwrap();
    }

    let waiting = subject.deliveries().await;
    store
        .finish_log(execution.id, execution.fence, log_end(0))
        .await
        .unwrap();
    accept(store, refused).await;
    let released = subject.deliveries().await;

    let [delivery] = &waiting[..] else {
        panic!("one delivery is expected, not {waiting:?}")
    };
    assert_eq!(delivery.execution_id, Some(execution.id));
    assert_eq!(
        (delivery.kind.as_str(), delivery.state.as_str()),
        ("callback", "pending")
    );
    assert_eq!(delivery.target, "https://example.com/done");
    assert_eq!(delivery.payload["status"], "SUCCEEDED");
    assert!(delivery.next_at > seen(store, &execution).await.updated_at);
    assert!(released[0].next_at < delivery.next_at);
    assert_eq!(released.len(), 2);
    assert_eq!(released[1].payload["status"], "REQUIREMENT_NOT_MET");
}
