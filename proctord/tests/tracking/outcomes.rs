use proctord::domain::lifecycle::Cause;
use proctord::runner::RunEvent;
use serde_json::json;

use crate::scene::{NAMESPACE, PATIENT, Scene, told};

#[tokio::test]
async fn a_run_is_told_to_run_once_and_then_to_have_ended() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 0.3; exit 3").await;
    let mut followed = scene.follow(&run, PATIENT);

    let first = followed.next().await;
    let end = followed.next().await;

    assert!(matches!(first, RunEvent::Running { .. }), "{first:?}");
    let RunEvent::Ended(end) = end else {
        panic!("{end:?}")
    };
    assert_eq!(told(&end), (Cause::Exited, Some(3), ""));
    assert!(end.ending.started_at.unwrap() <= end.ending.finished_at);
}

#[tokio::test]
async fn ends_are_told_with_what_is_known_of_them() {
    let scene = Scene::start().await;

    let success = scene.end_of("true").await;
    assert_eq!(told(&success), (Cause::Exited, Some(0), ""));
    let killed = scene.end_of("kill -9 $$").await;
    assert_eq!(
        told(&killed),
        (Cause::Exited, Some(137), "exit code 137: killed")
    );
}

#[tokio::test]
async fn a_command_that_is_not_there_cannot_start() {
    let scene = Scene::start().await;
    let absent = json!(["/no/such/thing"]);
    let run = scene
        .run_with("", |spec| {
            spec["template"]["spec"]["containers"][0]["command"] = absent
        })
        .await;

    let end = scene.follow(&run, PATIENT).end().await;

    assert_eq!((end.cause, end.ending.exit), (Cause::CannotStart, None));
    assert!(told(&end).2.starts_with("cannot start: "), "{end:?}");
}

#[tokio::test]
async fn a_run_fails_when_its_last_retry_has() {
    let scene = Scene::start().await;
    let run = scene
        .run_with("exit 1", |spec| spec["backoffLimit"] = 2.into())
        .await;

    let end = scene.follow(&run, PATIENT).end().await;

    assert_eq!(told(&end), (Cause::Exited, Some(1), "after 3 attempts"));
}

#[tokio::test]
async fn a_deadline_is_the_cause_whatever_the_command_makes_of_it() {
    let scene = Scene::start().await;
    let script = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
    let run = scene
        .run_with(script, |spec| spec["activeDeadlineSeconds"] = 1.into())
        .await;

    let end = scene.follow(&run, PATIENT).end().await;

    assert_eq!(
        told(&end),
        (Cause::Deadline, Some(0), "its deadline was over")
    );
}

#[tokio::test]
async fn a_container_that_takes_too_much_memory_is_told_with_its_limit() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let pod = scene.running_pod(&run).await;

    scene.double.run_out_of_memory(NAMESPACE, &pod);

    let end = scene.follow(&run, PATIENT).end().await;
    assert_eq!(
        told(&end),
        (Cause::Exited, Some(137), "out of memory: limit 64Mi")
    );
}

#[tokio::test]
async fn an_evicted_run_goes_on_in_another_pod_if_a_retry_is_left() {
    let scene = Scene::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let been = folder.path().join("been").display().to_string();
    let script = format!("if [ -e {been} ]; then exit 0; fi; touch {been}; sleep 1000");
    let run = scene
        .run_with(&script, |spec| spec["backoffLimit"] = 1.into())
        .await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;
    let pod = scene.running_pod(&run).await;

    scene.double.evict(NAMESPACE, &pod);

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(0), ""));
}

#[tokio::test]
async fn an_evicted_run_has_failed_if_no_retry_is_left() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let pod = scene.running_pod(&run).await;

    scene.double.evict(NAMESPACE, &pod);

    let end = scene.follow(&run, PATIENT).end().await;
    assert_eq!(end.cause, Cause::Exited);
    assert!(told(&end).2.starts_with("evicted: "), "{end:?}");
}
