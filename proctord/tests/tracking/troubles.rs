use std::time::Duration;

use proctor_testkit::kubernetes::Processes;
use proctor_testkit::wait_for_async;
use proctord::domain::lifecycle::Cause;
use serde_json::json;

use crate::scene::{NAMESPACE, PATIENT, Scene, told};

#[tokio::test]
async fn a_node_that_is_away_and_comes_back_tells_how_it_ended() {
    let scene = Scene::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let (go, gone) = (folder.path().join("go"), folder.path().join("gone"));
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.05; done; touch {}; exit 5",
        go.display(),
        gone.display()
    );
    let run = scene.run(&script).await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    scene.double.lose_node();
    std::fs::write(&go, "").unwrap();
    wait_for_async("the command to have ended", async || {
        if gone.exists() { Ok(()) } else { Err(()) }
    })
    .await;
    assert!(followed.is_silent());
    scene.double.return_node(Processes::WentOn);

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(5), ""));
}

#[tokio::test]
async fn a_node_that_is_given_up_is_lost() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    scene.double.lose_node();
    scene.double.give_up_node();

    let end = followed.end().await;
    assert_eq!(told(&end), (Cause::Exited, None, "node lost: node1"));
}

#[tokio::test]
async fn what_is_stopped_on_a_lost_node_stays_live_until_the_node_answers() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;
    scene.double.lose_node();
    let annotations = json!({"proctor.dev/stopped": "me, 2026-11-20T10:00:00Z"});
    let patch = json!({"metadata": {"annotations": annotations}, "spec": {"suspend": true}});
    scene.patch(&run, &patch).await;
    wait_for_async("the Job to be suspended", async || {
        let job = scene
            .double
            .object("jobs", NAMESPACE, run.name.as_str())
            .unwrap();
        let conditions = job["status"]["conditions"].to_string();
        if conditions.contains("JobSuspended") {
            Ok(())
        } else {
            Err(job)
        }
    })
    .await;

    assert!(followed.is_silent());
    scene.double.return_node(Processes::Gone);

    assert_eq!(followed.end().await.cause, Cause::Stopped);
}

#[tokio::test]
async fn an_api_server_that_fails_for_a_while_delays_an_outcome_and_changes_none() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 0.5; exit 4").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    scene.double.fail(3);
    scene.double.throttle(3);
    scene.double.cut();

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(4), ""));
}

#[tokio::test]
async fn a_slow_api_server_is_waited_for() {
    let scene = Scene::start().await;
    scene.double.delay(Duration::from_millis(300));

    assert_eq!(
        told(&scene.end_of("exit 6").await),
        (Cause::Exited, Some(6), "")
    );
}

#[tokio::test]
async fn a_job_that_loses_a_label_is_followed_to_its_end() {
    let scene = Scene::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let go = folder.path().join("go");
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.05; done; exit 3",
        go.display()
    );
    let run = scene.run(&script).await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    let labels = json!({"app.kubernetes.io/managed-by": null});
    scene
        .patch(&run, &json!({"metadata": {"labels": labels}}))
        .await;
    std::fs::write(&go, "").unwrap();

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(3), ""));
}
