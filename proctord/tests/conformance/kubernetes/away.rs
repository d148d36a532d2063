//! Executions whose Jobs are in another namespace or on another cluster than the one that is configured.

use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::{Cause, Exit};
use proctord::runner::kubernetes::KubernetesRunner;
use proctord::runner::{RunEvent, Runner};
use proctord::telemetry::chain;
use uuid::Uuid;

use super::{KubernetesSubject, NAMESPACE, settings};
use crate::runner::subject::{PATIENCE, RunnerSubject, end, launch_line};

const FOR_EVER: &str = "sleep 600";

/// The service as it is after a restart with this cluster and this namespace.
async fn restarted(on: &Kubernetes, namespace: &str) -> KubernetesRunner {
    let mut settings = settings(on, &std::env::temp_dir());
    settings.namespace = Some(namespace.to_owned());
    let runner = KubernetesRunner::open(settings).await.unwrap();
    runner.begin(Uuid::new_v4());
    runner
}

/// What is told first of the execution.
async fn told(runner: &KubernetesRunner, execution: &Execution) -> RunEvent {
    let mut events = runner.watch(execution).await.unwrap();
    let told = tokio::time::timeout(PATIENCE, events.recv()).await;
    told.expect("something is told").expect("it is followed")
}

/// It is told to be away, and nothing is done about it.
async fn is_left_alone(runner: &KubernetesRunner, execution: &Execution, words: &str) {
    let RunEvent::Waits {
        reason: Some(reason),
    } = told(runner, execution).await
    else {
        panic!("it does not wait");
    };
    assert!(reason.starts_with(words), "{reason}");
    let inspected = runner.inspect(execution).await.unwrap_err();
    assert!(chain(&inspected).contains(words), "{}", chain(&inspected));
    let stopped = runner.stop(execution, Duration::ZERO).await.unwrap_err();
    assert!(chain(&stopped).contains(words), "{}", chain(&stopped));
}

#[tokio::test]
async fn what_runs_in_another_namespace_is_neither_lost_nor_stopped() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, FOR_EVER).await;
    let elsewhere = restarted(&subject.double, "others").await;
    let before = subject.object("jobs", &execution);

    is_left_alone(&elsewhere, &execution, "it runs in namespace procs, and").await;

    let after = subject.object("jobs", &execution);
    assert_eq!(after.unwrap()["spec"], before.unwrap()["spec"]);
    let grace = Duration::from_secs(1);
    subject.runner.stop(&execution, grace).await.unwrap();
    assert_eq!(end(&subject, &execution).await.cause, Cause::Stopped);
}

#[tokio::test]
async fn what_runs_on_another_cluster_is_neither_lost_nor_stopped() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, "sleep 1; exit 3").await;
    let other = Kubernetes::start();
    let elsewhere = restarted(&other, NAMESPACE).await;

    let words = "it runs in namespace procs of another cluster";
    is_left_alone(&elsewhere, &execution, words).await;

    let ended = end(&subject, &execution).await;
    assert_eq!(ended.ending.exit, Some(Exit::Code(3)));
}

#[tokio::test]
async fn what_the_cluster_may_not_tell_of_itself_is_not_taken_for_lost() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, FOR_EVER).await;
    let other = Kubernetes::start();
    other.forbid("get", "namespaces");
    let elsewhere = restarted(&other, NAMESPACE).await;

    let words = "it is not known whether it runs on this cluster";
    is_left_alone(&elsewhere, &execution, words).await;
}

/// The Job itself is the proof that it is here.
#[tokio::test]
async fn a_job_that_is_there_is_followed_whatever_its_namespace_was_or_may_tell() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, FOR_EVER).await;
    subject.double.remove_namespace(NAMESPACE);
    subject.double.add_namespace(NAMESPACE);
    let anew = restarted(&subject.double, NAMESPACE).await;
    subject.double.forbid("get", "namespaces");
    let blind = restarted(&subject.double, NAMESPACE).await;

    for runner in [anew, blind] {
        runner.inspect(&execution).await.unwrap();
    }
}

#[tokio::test]
async fn a_handle_of_before_means_the_namespace_that_is_configured() {
    let subject = KubernetesSubject::fresh().await;
    let mut execution = launch_line(&subject, "exit 4").await;
    let handle = execution.handle.unwrap();
    let (uid, home) = handle.split_once('@').unwrap();
    assert!(home.starts_with("procs/"), "{handle}");
    execution.handle = Some(uid.to_owned());

    let ended = end(&subject, &execution).await;

    assert_eq!(ended.ending.exit, Some(Exit::Code(4)));
}

#[tokio::test]
async fn a_namespace_that_is_missing_is_told_of() {
    let subject = KubernetesSubject::fresh().await;
    subject.double.remove_namespace("absent");
    let runner = restarted(&subject.double, "absent").await;

    let unwell = proctor_testkit::wait_for_async("the namespace to be missed", async || {
        runner
            .check()
            .await
            .map_or_else(|error| Ok(chain(&error)), Err)
    })
    .await;
    assert!(unwell.contains("there is no namespace absent"), "{unwell}");

    subject.double.add_namespace("absent");
    proctor_testkit::wait_for_async("the namespace to be found", async || {
        runner.check().await.map_err(|error| chain(&error))
    })
    .await;
}
