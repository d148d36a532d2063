use proctord::domain::environment::Secrets;
use proctord::domain::execution::Fence;
use proctord::runner::{Found, HeldStage, LaunchError, Runner};
use serde_json::json;

use super::{KubernetesSubject, token, try_to_prepare};
use crate::runner::subject::{RunnerSubject, end, execution, prepare};

const CANARY: &str = "canary-of-the-cluster";

#[tokio::test]
async fn secrets_arrive_and_are_in_no_job_or_pod() {
    let subject = KubernetesSubject::fresh().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let line = format!("printf '%s' \"$TOKEN\" > {}", file.display());
    let mut execution = execution(&subject, subject.plan(&line));

    let prepared = prepare(&subject, &mut execution, &token(CANARY)).await;
    prepared.start().await.unwrap();
    end(&subject, &execution).await;

    assert_eq!(std::fs::read_to_string(&file).unwrap(), CANARY);
    let job = subject.object("jobs", &execution).unwrap();
    let secret = subject.object("secrets", &execution).unwrap();
    let runs = subject.ledger().containers;
    let pod = subject
        .double
        .object("pods", super::NAMESPACE, &runs[0].pod_name);
    for text in [job.to_string(), pod.unwrap().to_string()] {
        assert!(!text.contains(CANARY), "{text}");
        assert!(text.contains("secretKeyRef"), "{text}");
    }
    assert_eq!(secret["immutable"], true, "{secret}");
    assert_eq!(
        secret["metadata"]["ownerReferences"][0]["uid"],
        job["metadata"]["uid"]
    );
}

#[tokio::test]
async fn whoever_tries_again_finds_the_one_job() {
    let subject = KubernetesSubject::fresh().await;
    let mut execution = execution(&subject, subject.plan("exit 3"));

    let first = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;
    let again = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;
    let (first, again) = (first.unwrap(), again.unwrap());

    assert_eq!(first.handle(), again.handle());
    execution.handle = first.handle();
    first.start().await.unwrap();
    again.start().await.unwrap();
    end(&subject, &execution).await;
    assert_eq!(subject.counts(&execution), (1, 1));
}

#[tokio::test]
async fn a_secret_that_was_set_anew_before_it_ran_replaces_the_older_one() {
    let subject = KubernetesSubject::fresh().await;
    let execution = execution(&subject, subject.plan("true"));

    for value in ["older", "newer", "newer"] {
        try_to_prepare(&subject.runner, &execution, &token(value))
            .await
            .unwrap();
    }

    let secret = subject.object("secrets", &execution).unwrap();
    assert_eq!(secret["data"]["TOKEN"], "bmV3ZXI=", "{secret}");
    assert_eq!(subject.ledger().requests("create", "secrets"), 4);
}

/// Who slept before the Secret was made, and wakes when somebody else has launched the execution with newer values.
#[tokio::test]
async fn a_late_launch_leaves_the_secret_of_a_later_owner_alone() {
    let subject = KubernetesSubject::fresh().await;
    let late = execution(&subject, subject.plan("true"));
    let mut later = late.clone();
    later.fence = Fence(late.fence.0 + 1);
    try_to_prepare(&subject.runner, &later, &token("newer"))
        .await
        .unwrap();

    let again = try_to_prepare(&subject.runner, &late, &token("older")).await;

    let refusal = again.map(drop).unwrap_err();
    assert!(
        matches!(refusal, LaunchError::Unavailable { .. }),
        "{refusal:?}"
    );
    let secret = subject.object("secrets", &late).unwrap();
    assert_eq!(secret["data"]["TOKEN"], "bmV3ZXI=", "{secret}");
    assert_eq!(subject.ledger().requests("delete", "secrets"), 0);
}

#[tokio::test]
async fn what_runs_though_nobody_stored_it_is_told_with_its_uid() {
    let subject = KubernetesSubject::fresh().await;
    let execution = execution(&subject, subject.plan("true"));
    let prepared = try_to_prepare(&subject.runner, &execution, &Secrets::new())
        .await
        .unwrap();
    let uid = prepared.handle();
    prepared.start().await.unwrap();

    let again = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;

    match again.map(drop).unwrap_err() {
        LaunchError::Started { handle } => assert_eq!(handle, uid),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_job_that_was_created_and_is_gone_is_never_created_again() {
    let subject = KubernetesSubject::fresh().await;
    let mut execution = execution(&subject, subject.plan("true"));
    let prepared = prepare(&subject, &mut execution, &Secrets::new()).await;
    let held = subject.runner.held().await.unwrap();
    assert_eq!(held[0].stage, HeldStage::Prepared);
    subject.runner.discard(&held[0]).await.unwrap();

    let found = subject.runner.inspect(&execution).await.unwrap();
    let again = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;
    prepared.start().await.unwrap();

    assert_eq!(found, Found::Started);
    let again = again.map(drop).unwrap_err();
    assert!(matches!(again, LaunchError::Started { .. }), "{again:?}");
    assert_eq!(subject.counts(&execution), (1, 0));
}

/// A launch that wakes up late finds another Job under the name, and lets it be.
#[tokio::test]
async fn the_uid_keeps_a_late_launch_from_another_job() {
    let subject = KubernetesSubject::fresh().await;
    let execution = execution(&subject, subject.plan("true"));
    let late = try_to_prepare(&subject.runner, &execution, &Secrets::new())
        .await
        .unwrap();
    let held = subject.runner.held().await.unwrap();
    subject.runner.discard(&held[0]).await.unwrap();
    let newer = try_to_prepare(&subject.runner, &execution, &Secrets::new())
        .await
        .unwrap();

    assert_ne!(late.handle(), newer.handle());
    late.start().await.unwrap();

    let job = subject.object("jobs", &execution).unwrap();
    assert_eq!(job["spec"]["suspend"], true, "{job}");
    assert_eq!(subject.counts(&execution), (2, 0));
}

#[tokio::test]
async fn a_job_that_somebody_else_suspended_is_not_let_run() {
    let subject = KubernetesSubject::fresh().await;
    let mut execution = execution(&subject, subject.plan("true"));
    prepare(&subject, &mut execution, &Secrets::new()).await;
    for suspend in [false, true] {
        patch(&subject, &execution, &json!({"spec": {"suspend": suspend}})).await;
    }

    let found = subject.runner.inspect(&execution).await.unwrap();
    let again = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;

    assert_eq!(found, Found::Started);
    let again = again.map(drop).unwrap_err();
    assert!(matches!(again, LaunchError::Started { .. }), "{again:?}");
}

#[tokio::test]
async fn a_plan_without_an_image_is_refused() {
    let subject = KubernetesSubject::fresh().await;
    let mut plan = subject.plan("true");
    assert_eq!(subject.runner.refusal(&plan), None);
    plan.image.clear();

    let refusal = subject.runner.refusal(&plan).unwrap();

    assert!(refusal.starts_with("needs an image"), "{refusal}");
}

/// As somebody with kubectl does it.
pub(super) async fn patch(
    subject: &KubernetesSubject,
    execution: &proctord::domain::execution::Execution,
    patch: &serde_json::Value,
) {
    let url = format!(
        "{}/apis/batch/v1/namespaces/{}/jobs/{}",
        subject.double.url(),
        super::NAMESPACE,
        execution.name
    );
    let request = reqwest::Client::new().patch(url).body(patch.to_string());
    let request = request.header("Content-Type", "application/merge-patch+json");
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}
