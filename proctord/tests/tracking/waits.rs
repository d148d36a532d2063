use std::time::Duration;

use proctord::domain::lifecycle::Cause;
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, PATIENT, Run, Scene, told};

const IMPATIENT: Duration = Duration::from_secs(1);

fn container(spec: &mut Value) -> &mut Value {
    &mut spec["template"]["spec"]["containers"][0]
}

/// It waits for this, and then is given up for it.
async fn is_given_up(scene: &Scene, run: &Run, reason: &str) {
    let mut followed = scene.follow(run, IMPATIENT);

    let mut waits = followed.waits().await;
    while !waits.starts_with(reason) {
        waits = followed.waits().await;
    }
    let end = followed.end().await;

    assert_eq!(end.cause, Cause::NeverStarted, "{end:?}");
    assert!(told(&end).2.starts_with(reason), "{end:?}");
    assert_eq!(end.ending.started_at, None);
    let job = scene.double.object("jobs", NAMESPACE, run.name.as_str());
    assert_eq!(job.unwrap()["spec"]["suspend"], true);
}

#[tokio::test]
async fn an_image_that_never_comes_is_given_up() {
    let scene = Scene::start().await;
    let image = "registry.example/absent:1";
    let run = scene
        .run_with("true", |spec| container(spec)["image"] = image.into())
        .await;

    is_given_up(&scene, &run, "image not found: registry.example/absent:1: ").await;
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named() {
    let scene = Scene::start().await;
    let env = json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "absent", "key": "A"}}}]);
    let run = scene
        .run_with("true", |spec| container(spec)["env"] = env)
        .await;

    is_given_up(&scene, &run, "the secret absent is missing").await;
}

#[tokio::test]
async fn what_no_node_has_room_for_is_given_up() {
    let scene =
        Scene::of(proctor_testkit::kubernetes::Kubernetes::builder().node_capacity(1, 1 << 30))
            .await;
    let resources = json!({"requests": {"cpu": "64"}});
    let run = scene
        .run_with("true", |spec| container(spec)["resources"] = resources)
        .await;

    is_given_up(&scene, &run, "cannot be scheduled: ").await;
}

#[tokio::test]
async fn what_a_quota_forbids_is_given_up() {
    let scene = Scene::start().await;
    scene.double.set_quota(NAMESPACE, Some(0));
    let run = scene.run("true").await;

    is_given_up(&scene, &run, "the quota forbids it: ").await;
}

#[tokio::test]
async fn what_comes_in_time_is_not_given_up() {
    let scene = Scene::start().await;
    scene.double.set_quota(NAMESPACE, Some(0));
    let run = scene.run("true").await;
    let mut followed = scene.follow(&run, PATIENT);
    while !followed.waits().await.starts_with("the quota forbids it: ") {}

    scene.double.set_quota(NAMESPACE, None);

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(0), ""));
}

#[tokio::test]
async fn a_job_that_somebody_else_suspended_waits_for_somebody_else() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 0.5").await;
    scene.running_pod(&run).await;
    scene.suspend(&run, true).await;
    let mut followed = scene.follow(&run, PATIENT);

    let reason = followed.waits().await;

    assert_eq!(reason, "its Job was suspended by somebody else");
    scene.suspend(&run, false).await;
    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(0), ""));
}

#[tokio::test]
async fn a_stop_is_over_when_its_pod_is() {
    let scene = Scene::start().await;
    let run = scene
        .run("trap 'exit 7' TERM; while :; do sleep 0.05; done")
        .await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    let annotations = json!({"proctor.dev/stopped": "me, 2026-11-20T10:00:00Z"});
    let patch = json!({"metadata": {"annotations": annotations}, "spec": {"suspend": true}});
    scene.patch(&run, &patch).await;

    assert_eq!(told(&followed.end().await), (Cause::Stopped, Some(7), ""));
}

#[tokio::test]
async fn a_job_that_somebody_deletes_is_gone_once_its_pod_is() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;
    let job = scene.cluster.job(run.name.as_str()).await.unwrap().unwrap();

    scene.cluster.delete_job(&job).await.unwrap();

    let end = followed.end().await;
    assert_eq!(end.cause, Cause::Gone);
    assert_eq!(told(&end).2, "its Job was deleted by somebody else");
}

#[tokio::test]
async fn a_job_that_may_have_no_pod_waits_for_somebody_else() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 0.5; exit 4").await;
    scene.running_pod(&run).await;
    let parallelism = async |count: u32| {
        let patch = json!({"spec": {"parallelism": count}});
        scene.patch(&run, &patch).await;
    };
    parallelism(0).await;
    let mut followed = scene.follow(&run, PATIENT);

    let reason = followed.waits().await;

    assert_eq!(
        reason,
        "the parallelism of its Job was set to 0 by somebody else"
    );
    parallelism(1).await;
    let end = followed.end().await;
    assert_eq!((end.cause, told(&end).1), (Cause::Exited, Some(4)));
}

#[tokio::test]
async fn what_no_controller_looks_at_is_given_up_and_never_runs() {
    let scene = Scene::start().await;
    scene.double.stop_job_controller();
    let run = scene.run("true").await;

    is_given_up(&scene, &run, "the cluster has made no Pod for it yet").await;

    never_runs(&scene, &run).await;
}

#[tokio::test]
async fn what_no_controller_looks_at_can_be_stopped_and_never_runs() {
    let scene = Scene::start().await;
    scene.double.stop_job_controller();
    let run = scene.run("true").await;
    let mut followed = scene.follow(&run, PATIENT);
    assert_eq!(
        followed.waits().await,
        "the cluster has made no Pod for it yet"
    );

    scene.stop(&run).await;

    assert_eq!(followed.end().await.cause, Cause::Stopped);
    never_runs(&scene, &run).await;
}

/// The controller that looks at it at last lets it be.
async fn never_runs(scene: &Scene, run: &Run) {
    scene.double.start_job_controller();
    let after = scene.run("true").await;
    scene.follow(&after, PATIENT).end().await;

    let job = scene.double.object("jobs", NAMESPACE, run.name.as_str());
    assert!(
        job.unwrap()["status"].to_string().contains("JobSuspended"),
        "its controller has looked at it"
    );
    assert_eq!(scene.cluster.pods_of(&run.uid).await.unwrap(), []);
}
