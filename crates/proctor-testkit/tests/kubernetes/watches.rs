use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use serde_json::json;

use crate::client::{Api, JOBS, SECRETS, events, secret, suspended_job};

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

#[tokio::test]
async fn a_quiet_watch_is_reminded_of_the_revision() {
    let interval = Duration::from_millis(100);
    let api = Api::of(Kubernetes::builder().bookmark_interval(interval).start());
    let path = format!("{JOBS}?watch=1&resourceVersion=1&timeoutSeconds=1");

    let reminded = events(api.open(&format!("{path}&allowWatchBookmarks=true")).await).await;
    let unasked = events(api.open(&path).await).await;

    assert!(reminded.len() > 2, "{reminded:?}");
    assert!(reminded.iter().all(|event| event["type"] == "BOOKMARK"));
    assert_eq!(reminded[0]["object"]["kind"], "Job");
    assert_eq!(unasked, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn a_watch_that_lags_too_far_behind_is_closed_without_a_word() {
    let api = Api::of(Kubernetes::builder().longest_lag(2).start());
    for name in ["a", "b", "c"] {
        api.post(JOBS, &suspended_job(name)).await;
    }

    let from_the_start = api.open(&format!("{JOBS}?watch=1&resourceVersion=1")).await;

    assert_eq!(from_the_start.status().as_u16(), 200);
    assert_eq!(words(&events(from_the_start).await), []);
}

#[tokio::test]
async fn what_happens_to_other_kinds_makes_no_watch_forget() {
    let api = Api::of(Kubernetes::builder().history_length(5).start());
    let (_, owner) = api.post(JOBS, &suspended_job("a")).await;
    let path = format!("{JOBS}?watch=1&resourceVersion=1");
    let mut watch = api.open(&path).await;
    watch.chunk().await.unwrap().unwrap();

    for number in 0..10 {
        let secret = secret(&format!("s{number}"), &owner);
        assert_eq!(api.post(SECRETS, &secret).await.0, 201);
    }
    api.double.compact();
    api.post(JOBS, &suspended_job("b")).await;

    let line = loop {
        let line = watch.chunk().await.unwrap().unwrap();
        if !line.windows(10).any(|text| text == b"\"MODIFIED\"") {
            break serde_json::from_slice(&line).unwrap();
        }
    };
    assert_eq!(words(&[line]), [told("ADDED", "b")]);
}

#[tokio::test]
async fn a_watch_that_is_asked_for_in_a_senseless_way_is_refused() {
    let api = Api::start();

    for query in [
        "sendInitialEvents=true",
        "sendInitialEvents=true&resourceVersionMatch=Exact",
        "resourceVersionMatch=NotOlderThan",
    ] {
        let (status, _) = api.get(&format!("{JOBS}?watch=1&{query}")).await;
        assert_eq!(status, 422, "{query}");
    }
}
