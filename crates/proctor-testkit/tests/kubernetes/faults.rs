use std::time::{Duration, Instant};

use proctor_testkit::wait_for_async;
use reqwest::Response;
use serde_json::Value;

use crate::client::{Api, JOBS, PODS, job, suspended_job};

/// The log of the only Pod, followed, with its first line read.
async fn followed(api: &Api) -> (Response, String) {
    api.post(JOBS, &job("a", "echo up; sleep 1000")).await;
    let path = wait_for_async("a Pod that runs", async || {
        let (_, pods) = api.get(PODS).await;
        let pod = &pods["items"][0];
        match (&pod["status"]["phase"], pod["metadata"]["name"].as_str()) {
            (Value::String(phase), Some(name)) if phase == "Running" => {
                Ok(format!("{PODS}/{name}/log?follow=true"))
            }
            _ => Err(pod.clone()),
        }
    })
    .await;
    let mut response = api.open(&path).await;
    let line = response.chunk().await.unwrap().unwrap();
    assert_eq!(line, "up\n");
    (response, path)
}

#[tokio::test]
async fn refused_requests_say_how_and_then_it_goes_on() {
    let api = Api::start();
    api.double.throttle(1);
    api.double.fail(1);

    let throttled = api.open(JOBS).await;
    assert_eq!(throttled.status().as_u16(), 429);
    assert_eq!(throttled.headers()["retry-after"], "1");
    let (status, body) = api.get(JOBS).await;
    assert_eq!(
        (status, body["reason"].as_str()),
        (500, Some("InternalError"))
    );
    assert_eq!(api.get(JOBS).await.0, 200);
}

#[tokio::test]
async fn a_delay_holds_answers_back() {
    let api = Api::start();
    let delay = Duration::from_millis(100);
    api.double.delay(delay);

    let asked = Instant::now();
    assert_eq!(api.get(JOBS).await.0, 200);

    assert!(asked.elapsed() >= delay);
}

#[tokio::test]
async fn a_log_that_ends_early_ends_cleanly_and_can_be_followed_again() {
    let api = Api::start();
    let (mut response, path) = followed(&api).await;

    api.double.end_logs();

    assert_eq!(response.chunk().await.unwrap(), None);
    let mut again = api.open(&path).await;
    assert_eq!(again.chunk().await.unwrap().unwrap(), "up\n");
}

#[tokio::test]
async fn streams_that_are_cut_are_no_whole_answers() {
    let api = Api::start();
    let (mut log, _) = followed(&api).await;
    let mut watch = api.open(&format!("{JOBS}?watch=1")).await;
    watch.chunk().await.unwrap().unwrap();

    api.double.cut();

    assert!(log.chunk().await.is_err());
    assert!(watch.chunk().await.is_err());
    assert_eq!(api.post(JOBS, &suspended_job("b")).await.0, 201);
}
