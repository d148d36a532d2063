use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::wait_for_async;
use proctord::domain::environment::Secrets;
use proctord::domain::lifecycle::{Cause, Exit};
use proctord::runner::{LaunchError, Runner};
use proctord::telemetry::chain;

use super::{KubernetesSubject, token, try_to_prepare};
use crate::runner::subject::{RunnerSubject, end, execution, launch_line, prepare};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

#[tokio::test]
async fn what_the_cluster_cannot_take_now_is_asked_again_and_done_once() {
    let subject = KubernetesSubject::fresh().await;
    type Trouble = fn(&Kubernetes);
    let troubles: [(&str, Trouble); 4] = [
        ("too many requests", |double| double.throttle(3)),
        ("failures", |double| double.fail(3)),
        ("connections cut before", |double| double.cut_before(2)),
        ("answers lost", |double| double.cut_after(2)),
    ];

    for (name, trouble) in troubles {
        let mut execution = execution(&subject, subject.plan("exit 5"));
        trouble(&subject.double);
        let prepared = prepare(&subject, &mut execution, &token("x")).await;
        trouble(&subject.double);
        prepared.start().await.unwrap();
        let ended = end(&subject, &execution).await;

        assert_eq!(ended.ending.exit, Some(Exit::Code(5)), "{name}");
        assert_eq!(subject.counts(&execution), (1, 1), "{name}");
    }
}

/// A create whose answer is lost is found again, and so is a stop.
#[tokio::test]
async fn a_stop_whose_answers_are_lost_is_done_all_the_same() {
    let subject = KubernetesSubject::fresh().await;
    let execution = launch_line(&subject, "sleep 600").await;

    subject.double.cut_after(3);
    subject
        .runner
        .stop(&execution, Duration::from_secs(1))
        .await
        .unwrap();
    let ended = end(&subject, &execution).await;

    assert_eq!(ended.cause, Cause::Stopped);
}

#[tokio::test]
async fn a_cluster_that_is_away_is_told_and_the_launch_may_be_tried_again() {
    let subject = KubernetesSubject::fresh().await;
    let execution = execution(&subject, subject.plan("true"));
    // More than the patience of one call.
    subject.double.fail(10_000);

    let away = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;
    let unwell = subject.runner.check().await.unwrap_err();
    subject.double.calm();

    let away = away.map(drop).unwrap_err();
    assert!(matches!(away, LaunchError::Unavailable { .. }), "{away:?}");
    assert!(chain(&away).contains("it answered 500"), "{}", chain(&away));
    assert!(
        chain(&unwell).contains("reach the cluster"),
        "{}",
        chain(&unwell)
    );
    wait_for_async("the cluster and its watches to be well again", async || {
        subject.runner.check().await
    })
    .await;
}

#[tokio::test]
async fn what_is_forbidden_may_be_granted_later() {
    let subject = KubernetesSubject::fresh().await;
    let execution = execution(&subject, subject.plan("true"));
    subject.double.forbid("create", "jobs");

    let forbidden = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;
    let looked = subject.runner.check().await;

    let forbidden = forbidden.map(drop).unwrap_err();
    assert!(
        matches!(forbidden, LaunchError::Unavailable { .. }),
        "{forbidden:?}"
    );
    assert!(
        chain(&forbidden).contains("forbidden"),
        "{}",
        chain(&forbidden)
    );
    looked.unwrap();
    let ledger = subject.ledger();
    let asked = ledger.requests("POST", REVIEWS);
    assert_eq!(asked, 15, "{:?}", ledger.all_requests());
}

#[tokio::test]
async fn nothing_is_done_before_the_installation_is_known() {
    let subject = KubernetesSubject::not_begun(Kubernetes::start()).await;
    let execution = execution(&subject, subject.plan("true"));

    let early = try_to_prepare(&subject.runner, &execution, &Secrets::new()).await;

    let early = early.map(drop).unwrap_err();
    assert!(
        matches!(early, LaunchError::Unavailable { .. }),
        "{early:?}"
    );
    assert!(subject.runner.held().await.is_err());
    assert_eq!(subject.counts(&execution), (0, 0));
}
