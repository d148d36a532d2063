use std::time::Duration;

use proctor_testkit::wait_for_async;
use proctord::domain::environment::Secrets;
use proctord::runner::{Held, HeldStage, LaunchError, Runner};
use uuid::Uuid;

use super::{KubernetesSubject, token, try_to_prepare};
use crate::runner::subject::{RunnerSubject, end, execution, launch_line, prepare};

/// Two services on one cluster, one database each: neither sees or touches what the other one has.
#[tokio::test]
async fn another_installation_s_jobs_are_left_alone() {
    let subject = KubernetesSubject::fresh().await;
    let stranger = subject.stranger().await;
    let mut execution = execution(&subject, subject.plan("true"));
    let prepared = prepare(&subject, &mut execution, &Secrets::new()).await;
    let ours = subject.runner.held().await.unwrap();
    let before = subject.object("jobs", &execution);
    let mut unknown = execution.clone();
    unknown.handle = None;

    let theirs = stranger.held().await.unwrap();
    let taken = try_to_prepare(&stranger, &unknown, &token("x"))
        .await
        .map(drop);
    stranger.stop(&unknown, Duration::ZERO).await.unwrap();
    stranger.discard(&ours[0]).await.unwrap();

    assert_eq!((ours.len(), theirs), (1, Vec::new()));
    let taken = taken.unwrap_err();
    assert!(
        matches!(&taken, LaunchError::Refused { reason } if reason.contains("not its own")),
        "{taken:?}"
    );
    assert_eq!(subject.object("jobs", &execution), before);
    assert_eq!(subject.object("secrets", &execution), None);
    prepared.start().await.unwrap();
    end(&subject, &execution).await;
}

#[tokio::test]
async fn what_is_held_is_told_by_its_stage_and_discarded_unless_it_runs() {
    let subject = KubernetesSubject::fresh().await;
    let mut waiting = execution(&subject, subject.plan("true"));
    prepare(&subject, &mut waiting, &token("x")).await;
    let running = launch_line(&subject, "sleep 600").await;
    let ended = launch_line(&subject, "exit 2").await;
    end(&subject, &ended).await;
    let stopped = launch_line(&subject, "sleep 600").await;
    subject.runner.stop(&stopped, Duration::ZERO).await.unwrap();
    end(&subject, &stopped).await;

    let wanted = [
        held_as(&waiting, HeldStage::Prepared),
        held_as(&running, HeldStage::Started),
        held_as(&ended, HeldStage::Ended),
        held_as(&stopped, HeldStage::Ended),
    ];
    let held = wait_for_async("all of them to be held as they are", async || {
        let held = subject.runner.held().await.unwrap();
        if held.len() == wanted.len() && wanted.iter().all(|wanted| held.contains(wanted)) {
            Ok(held)
        } else {
            Err(held)
        }
    })
    .await;
    for held in &held {
        subject.runner.discard(held).await.unwrap();
    }

    let left = subject.runner.held().await.unwrap();
    assert_eq!(left, [held_as(&running, HeldStage::Started)]);
    wait_for_async("the Secret to be gone with its Job", async || {
        subject.object("secrets", &waiting).map_or(Ok(()), Err)
    })
    .await;
}

#[tokio::test]
async fn what_bears_the_name_by_now_is_not_discarded() {
    let subject = KubernetesSubject::fresh().await;
    let mut execution = execution(&subject, subject.plan("true"));
    prepare(&subject, &mut execution, &Secrets::new()).await;
    let mut held = held_as(&execution, HeldStage::Prepared);
    held.handle = Some(Uuid::new_v4().to_string());

    subject.runner.discard(&held).await.unwrap();

    assert!(subject.object("jobs", &execution).is_some());
}

fn held_as(execution: &proctord::domain::execution::Execution, stage: HeldStage) -> Held {
    Held {
        name: execution.name.clone(),
        handle: execution.handle.clone(),
        stage,
    }
}
