use serde_json::json;

use crate::client::{Api, JOBS, events, suspended_job};

fn words(events: &[serde_json::Value]) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    events
        .iter()
        .map(|event| {
            let name = &event["object"]["metadata"]["name"];
            (text(&event["type"]), text(name))
        })
        .collect()
}

fn told(word: &str, name: &str) -> (String, String) {
    (word.to_owned(), name.to_owned())
}

#[tokio::test]
async fn a_watch_tells_what_is_there_then_a_bookmark_then_what_happens() {
    let api = Api::start();
    api.post(JOBS, &suspended_job("a")).await;

    let watch = api
        .open(&format!(
            "{JOBS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&\
             timeoutSeconds=1"
        ))
        .await;
    api.delete(&format!("{JOBS}/a"), &json!({})).await;
    let events = events(watch).await;

    let seen = words(&events);
    assert_eq!(seen[..2], [told("ADDED", "a"), told("BOOKMARK", "")]);
    let annotations = &events[1]["object"]["metadata"]["annotations"];
    assert_eq!(annotations["k8s.io/initial-events-end"], "true");
    assert!(seen[2..].contains(&told("DELETED", "a")), "{seen:?}");
    assert_eq!(seen.last(), Some(&told("BOOKMARK", "")));
}

#[tokio::test]
async fn an_object_that_comes_to_match_is_added_and_one_that_no_longer_does_is_deleted() {
    let api = Api::start();
    let (_, list) = api.get(JOBS).await;
    let from = list["metadata"]["resourceVersion"].as_str().unwrap();
    api.post(JOBS, &suspended_job("a")).await;
    let path = format!("{JOBS}/a");
    for colour in ["red", "blue"] {
        api.patch(&path, &json!({"metadata": {"labels": {"colour": colour}}}))
            .await;
    }

    let watch = api
        .open(&format!(
            "{JOBS}?watch=1&labelSelector=colour%3Dred&resourceVersion={from}&timeoutSeconds=1"
        ))
        .await;

    assert_eq!(
        words(&events(watch).await),
        [told("ADDED", "a"), told("DELETED", "a")]
    );
}

#[tokio::test]
async fn a_revision_that_is_forgotten_is_410_as_an_event() {
    let api = Api::start();
    api.post(JOBS, &suspended_job("a")).await;
    api.double.compact();

    let watch = api
        .open(&format!(
            "{JOBS}?watch=1&resourceVersion=1&timeoutSeconds=1"
        ))
        .await;

    assert_eq!(watch.status().as_u16(), 200);
    let events = events(watch).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["type"], "ERROR");
    assert_eq!(events[0]["object"]["code"], 410);
    assert_eq!(events[0]["object"]["reason"], "Expired");
}
