use proctord::domain::environment::Secrets;
use proctord::domain::lifecycle::{Cause, Exit};
use proctord::runner::{Found, RunEvent};

use super::subject::{RunnerSubject, end, execution, launch, launch_line, prepare, read};

pub async fn what_is_prepared_and_started_runs_and_is_told(subject: &impl RunnerSubject) {
    let execution = launch_line(subject, "sleep 0.2; echo done").await;

    let found = subject.runner().inspect(&execution).await.unwrap();
    let mut events = subject.runner().watch(&execution).await.unwrap();
    let first = events.recv().await.unwrap();

    assert_eq!(found, Found::Started);
    if let RunEvent::Running { started_at } = first {
        let end = end(subject, &execution).await;
        assert_eq!(end.ending.exit, Some(Exit::Code(0)));
        assert!(started_at <= end.ending.finished_at);
    }
}

pub async fn what_is_prepared_and_dropped_never_runs_and_may_be_prepared_again(
    subject: &impl RunnerSubject,
) {
    let mut execution = execution(subject, subject.plan("echo ran"));

    drop(prepare(subject, &mut execution, &Secrets::new()).await);
    let found = subject.runner().inspect(&execution).await.unwrap();
    let prepared = prepare(subject, &mut execution, &Secrets::new()).await;
    prepared.start().await.unwrap();

    assert_eq!(found, Found::NotStarted);
    assert_eq!(
        end(subject, &execution).await.ending.exit,
        Some(Exit::Code(0))
    );
    assert_eq!(
        read(subject, &execution, None).await,
        (b"ran\n".to_vec(), true)
    );
}

pub async fn the_environment_arrives_unchanged(subject: &impl RunnerSubject) {
    let mut plan = subject
        .plan("printf '%s|' \"$ARG\" \"$BOTH\" \"$SECRET\" \"$JOB_NAME\" \"$EXECUTION_NAME\"");
    plan.args
        .insert("ARG".parse().unwrap(), "a$$b $(TOKEN) $(HOME) 'ö'\n".into());
    plan.args.insert("BOTH".parse().unwrap(), "arg".into());
    let mut secrets = Secrets::new();
    secrets.insert("BOTH".parse().unwrap(), "secret wins".to_owned().into());
    secrets.insert("SECRET".parse().unwrap(), "$(ARG) $$".to_owned().into());
    let mut execution = execution(subject, plan);

    prepare(subject, &mut execution, &secrets)
        .await
        .start()
        .await
        .unwrap();
    end(subject, &execution).await;
    let (bytes, _) = read(subject, &execution, None).await;

    let expected = format!(
        "a$$b $(TOKEN) $(HOME) 'ö'\n|secret wins|$(ARG) $$|conformance|{}|",
        execution.name
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

pub async fn what_cannot_be_started_says_so_and_has_no_exit_code(subject: &impl RunnerSubject) {
    let mut plan = subject.plan("");
    plan.command = Some(vec!["/nonexistent/program".into()]);

    let execution = launch(subject, plan).await;
    let end = end(subject, &execution).await;

    assert_eq!((end.cause, end.ending.exit), (Cause::CannotStart, None));
    let reason = end.ending.reason.unwrap();
    assert!(reason.starts_with("cannot start: "), "{reason}");
    assert!(reason.contains("/nonexistent/program"), "{reason}");
}
