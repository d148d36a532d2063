use std::fs;
use std::time::{Duration, Instant};

use proctor_testkit::kubernetes::{FaultPlan, Kubernetes};
use proctor_testkit::wait_for_async;
use reqwest::Response;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::client::{Api, JOBS, PODS, job, quick, suspended_job};

/// Longer than anything takes that comes at all.
const QUIET: Duration = Duration::from_millis(300);

/// The log of the only Pod, followed, with its first line read.
async fn followed(api: &Api) -> (Response, String) {
    followed_script(api, "echo up; sleep 1000").await
}

async fn followed_script(api: &Api, script: &str) -> (Response, String) {
    api.post(JOBS, &job("a", script)).await;
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

/// An answer, unless the connection is cut.
async fn create(api: &Api, name: &str) -> Result<u16, reqwest::Error> {
    let url = format!("{}{JOBS}", api.double.url());
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json")
        .body(suspended_job(name).to_string());
    Ok(request.send().await?.status().as_u16())
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_work_is_done() {
    let api = Api::start();

    api.double.cut_before(1);
    assert!(create(&api, "a").await.is_err());
    assert_eq!(api.get(&format!("{JOBS}/a")).await.0, 404);

    api.double.cut_after(1);
    assert!(create(&api, "b").await.is_err());
    assert_eq!(api.get(&format!("{JOBS}/b")).await.0, 200);
    let ledger = api.double.ledger();
    assert_eq!(ledger.jobs.len(), 1);
    assert_eq!(ledger.requests("create", "jobs"), 2);
}

#[tokio::test]
async fn a_request_hangs_until_it_is_calm_again() {
    let api = Api::start();
    api.double.hang(1);

    let mut asked = Box::pin(create(&api, "a"));
    assert!(timeout(QUIET, &mut asked).await.is_err());
    assert_eq!(create(&api, "b").await.unwrap(), 201);
    api.double.calm();

    assert!(asked.await.is_err());
    assert_eq!(api.get(&format!("{JOBS}/a")).await.0, 404);
}

#[tokio::test]
async fn a_double_ends_although_a_request_hangs() {
    let api = Api::start();
    api.double.hang(1);
    let url = format!("{}{JOBS}", api.double.url());
    let mut asked = Box::pin(reqwest::get(url));
    assert!(timeout(QUIET, &mut asked).await.is_err());

    drop(api);

    assert!(asked.await.is_err());
}

#[tokio::test]
async fn streams_that_hang_tell_nothing_more_and_new_ones_do() {
    let api = Api::start();
    let (mut log, path) = followed(&api).await;
    let mut watch = api.open(&format!("{JOBS}?watch=1")).await;
    watch.chunk().await.unwrap().unwrap();

    api.double.hang_logs();
    api.double.hang_watches();
    api.post(JOBS, &suspended_job("b")).await;
    api.double.end_logs();

    assert!(timeout(QUIET, log.chunk()).await.is_err());
    assert!(timeout(QUIET, watch.chunk()).await.is_err());
    let mut again = api.open(&path).await;
    assert_eq!(again.chunk().await.unwrap().unwrap(), "up\n");
    api.double.calm();
    assert!(log.chunk().await.is_err());
    assert!(watch.chunk().await.is_err());
    assert!(timeout(QUIET, again.chunk()).await.is_err(), "it goes on");
}

#[tokio::test]
async fn a_slow_follower_of_a_rotated_log_loses_lines_and_is_never_told_the_end() {
    const LINES: usize = 400_000;
    let api = Api::of(quick().log_rotation(1 << 20, Duration::ZERO).start());
    let folder = TempDir::new().unwrap();
    let gate = folder.path().join("gate");
    let script = format!(
        "echo up; until [ -e {} ]; do sleep 0.01; done; yes {} | head -n {LINES}",
        gate.display(),
        "x".repeat(99)
    );
    let (mut slow, path) = followed_script(&api, &script).await;
    let pod = path.split("/log").next().unwrap();
    fs::write(&gate, "").unwrap();
    wait_for_async("the Pod's end", async || {
        let (_, pod) = api.get(pod).await;
        if pod["status"]["phase"] == "Succeeded" {
            Ok(())
        } else {
            Err(pod["status"].clone())
        }
    })
    .await;

    let mut received = 0;
    while let Ok(chunk) = timeout(QUIET, slow.chunk()).await {
        received += chunk.unwrap().expect("it does not end").len();
    }
    assert!(received < LINES * 100, "{received}");
    let newest = api.open(&format!("{pod}/log")).await.text().await.unwrap();
    assert!(newest.len() < 3 << 20, "{}", newest.len());
    api.double.cut();
    assert!(slow.chunk().await.is_err());
}

/// What so many requests come to under a plan.
async fn outcomes(plan: &FaultPlan) -> Vec<Option<u16>> {
    let api = Api::of(Kubernetes::builder().faults(plan.clone()).start());
    let mut outcomes = Vec::new();
    for number in 0..100 {
        let outcome = create(&api, &format!("a{number}")).await;
        outcomes.push(outcome.ok());
    }
    api.double.calm();
    assert_eq!(create(&api, "calm").await.unwrap(), 201);
    outcomes
}

#[tokio::test]
async fn a_plan_does_the_same_again_until_it_is_calm() {
    let plan = FaultPlan {
        seed: 3,
        too_many_requests: 0.1,
        internal_error: 0.1,
        cut_before: 0.1,
        cut_after: 0.1,
        ..FaultPlan::default()
    };

    let seen = outcomes(&plan).await;

    assert_eq!(seen, outcomes(&plan).await);
    for outcome in [None, Some(201), Some(429), Some(500)] {
        assert!(seen.contains(&outcome), "{outcome:?} in {seen:?}");
    }
    assert_ne!(seen, outcomes(&FaultPlan { seed: 4, ..plan }).await);
}

#[tokio::test]
async fn a_plan_cuts_watches_and_doubles_their_events() {
    let plan = FaultPlan {
        seed: 1,
        watch_cut: 1.0,
        duplicate_event: 1.0,
        ..FaultPlan::default()
    };
    let api = Api::of(quick().faults(plan).start());
    for number in 0..20 {
        create(&api, &format!("a{number}")).await.unwrap();
    }

    let mut watch = api.open(&format!("{JOBS}?watch=1")).await;
    let mut text = Vec::new();
    while let Ok(Some(chunk)) = watch.chunk().await {
        text.extend(chunk);
    }

    let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(!lines.is_empty() && lines.len() < 40, "{}", lines.len());
    assert_eq!(lines[0], lines[1]);
}
