use std::time::Duration;

use proctord::domain::lifecycle::{Cause, Exit};

use super::subject::{RunnerSubject, end, launch_line, wait_for_output};

pub async fn a_stop_asks_first_and_ends_it(subject: &impl RunnerSubject) {
    let line = "trap 'exit 33' TERM; echo begun; while :; do sleep 0.05; done";
    let execution = launch_line(subject, line).await;
    wait_for_output(subject, &execution, "begun").await;

    subject
        .runner()
        .stop(&execution, Duration::from_secs(30))
        .await
        .unwrap();
    let end = end(subject, &execution).await;

    assert_eq!(
        (end.cause, end.ending.exit),
        (Cause::Stopped, Some(Exit::Code(33)))
    );
}

pub async fn what_ignores_the_asking_is_killed_after_the_grace(subject: &impl RunnerSubject) {
    let line = "trap '' TERM; echo begun; while :; do sleep 0.05; done";
    let execution = launch_line(subject, line).await;
    wait_for_output(subject, &execution, "begun").await;

    subject
        .runner()
        .stop(&execution, Duration::from_secs(1))
        .await
        .unwrap();
    let end = end(subject, &execution).await;

    assert_eq!(
        (end.cause, end.ending.exit),
        (Cause::Stopped, Some(subject.exit_by(9)))
    );
}

pub async fn stopping_what_has_ended_is_harmless(subject: &impl RunnerSubject) {
    let execution = launch_line(subject, "exit 4").await;
    let before = end(subject, &execution).await;

    subject
        .runner()
        .stop(&execution, Duration::ZERO)
        .await
        .unwrap();
    subject
        .runner()
        .stop(&execution, Duration::ZERO)
        .await
        .unwrap();

    assert_eq!(end(subject, &execution).await, before);
}
