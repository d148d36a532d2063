//! What a stop does to the Pods of a Job, whenever its controller comes to make them.

use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use proctord::domain::lifecycle::Cause;
use proctord::runner::Runner;
use proctord::runner::kubernetes::KubernetesRunner;
use serde_json::json;
use uuid::Uuid;

use super::launch::patch;
use super::{KubernetesSubject, settings};
use crate::runner::subject::{RunnerSubject, end, launch_line};

const FOR_EVER: &str = "sleep 600";

/// A cluster whose controller makes Pods late, and a service that gives each this grace.
async fn with_late_pods(grace: u64) -> KubernetesSubject {
    let double = Kubernetes::builder()
        .pod_delay(Duration::from_millis(400))
        .end_delay(Duration::from_millis(50));
    let mut subject = KubernetesSubject::not_begun(double.start()).await;
    let mut settings = settings(&subject.double, subject.spill.path());
    settings.grace = Duration::from_secs(grace);
    subject.runner = KubernetesRunner::open(settings).await.unwrap();
    subject.runner.begin(Uuid::new_v4());
    subject
}

/// The graces that Pods were asked to end within, in their order.
fn graces(subject: &KubernetesSubject) -> Vec<i64> {
    let versions = subject.double.versions("pods");
    let mut graces: Vec<_> = versions
        .iter()
        .filter_map(|pod| pod["metadata"]["deletionGracePeriodSeconds"].as_i64())
        .collect();
    graces.dedup();
    graces
}

#[tokio::test]
async fn a_pod_that_is_made_after_the_stop_was_asked_for_has_the_longer_grace() {
    let subject = with_late_pods(1).await;
    let execution = launch_line(&subject, FOR_EVER).await;

    let grace = Duration::from_secs(60);
    subject.runner.stop(&execution, grace).await.unwrap();

    assert_eq!(end(&subject, &execution).await.cause, Cause::Stopped);
    assert_eq!(
        graces(&subject).first(),
        Some(&60),
        "{:?}",
        graces(&subject)
    );
}

#[tokio::test]
async fn a_pod_that_is_made_after_the_stop_was_asked_for_has_the_shorter_grace() {
    let subject = with_late_pods(60).await;
    let line = "trap '' TERM; while :; do sleep 0.05; done";
    let execution = launch_line(&subject, line).await;

    let grace = Duration::from_secs(1);
    subject.runner.stop(&execution, grace).await.unwrap();

    assert_eq!(end(&subject, &execution).await.cause, Cause::Stopped);
    assert!(graces(&subject).contains(&1), "{:?}", graces(&subject));
}

#[tokio::test]
async fn a_job_that_lost_a_label_is_stopped_and_its_end_is_told() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, FOR_EVER).await;
    let labels = json!({"app.kubernetes.io/managed-by": null});
    patch(
        &subject,
        &execution,
        &json!({"metadata": {"labels": labels}}),
    )
    .await;

    let grace = Duration::from_secs(1);
    subject.runner.stop(&execution, grace).await.unwrap();

    assert_eq!(end(&subject, &execution).await.cause, Cause::Stopped);
}
