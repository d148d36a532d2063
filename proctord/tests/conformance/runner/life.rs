use proctord::domain::lifecycle::{Cause, Exit};

use super::subject::{RunnerSubject, end, launch, launch_line, read};

pub async fn every_exit_code_is_told_as_it_was(subject: &impl RunnerSubject) {
    for code in [0, 1, 2, 42, 126, 127, 128, 137, 255] {
        let execution = launch_line(subject, &format!("exit {code}")).await;
        let end = end(subject, &execution).await;
        assert_eq!(
            (end.cause, end.ending.exit),
            (Cause::Exited, Some(Exit::Code(code))),
            "{code}"
        );
        assert!(end.ending.started_at.unwrap() <= end.ending.finished_at);
    }
}

pub async fn the_signal_that_ended_it_is_told(subject: &impl RunnerSubject) {
    for signal in [6, 9, 11, 15] {
        let execution = launch_line(subject, &subject.dying_line(signal)).await;
        let end = end(subject, &execution).await;
        assert_eq!(
            (end.cause, end.ending.exit),
            (Cause::Exited, Some(subject.exit_by(signal)))
        );
    }
}

pub async fn a_deadline_ends_it(subject: &impl RunnerSubject) {
    let mut plan = subject.plan("echo begun; sleep 600");
    plan.deadline_seconds = Some(subject.short_deadline_seconds());

    let execution = launch(subject, plan).await;
    let (output, end) = tokio::join!(read(subject, &execution, None), end(subject, &execution));

    assert_eq!(end.cause, Cause::Deadline);
    assert_eq!(output, (b"begun\n".to_vec(), true));
    if subject.keeps_the_output_of_what_was_ended() {
        assert_eq!(read(subject, &execution, None).await, output);
    }
}

pub async fn a_failed_attempt_is_tried_again_and_told_between_the_outputs(
    subject: &impl RunnerSubject,
) {
    let folder = tempfile::tempdir().unwrap();
    let line = format!(
        "echo try; if {}; then exit 7; fi",
        subject.first_attempt(folder.path())
    );
    let mut plan = subject.plan(&line);
    plan.retries = 2;

    let execution = launch(subject, plan).await;
    let end = end(subject, &execution).await;

    assert_eq!(
        (end.cause, end.ending.exit),
        (Cause::Exited, Some(Exit::Code(0)))
    );
    assert_eq!(
        read(subject, &execution, None).await,
        (b"try\n[attempt]try\n".to_vec(), true)
    );
}

pub async fn the_end_is_told_again_to_whoever_asks_later(subject: &impl RunnerSubject) {
    let execution = launch_line(subject, "exit 5").await;

    let first = end(subject, &execution).await;
    let again = end(subject, &execution).await;

    assert_eq!(first, again);
    assert_eq!(again.ending.exit, Some(Exit::Code(5)));
}
