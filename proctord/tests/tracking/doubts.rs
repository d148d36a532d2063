use proctor_testkit::wait_for_async;
use proctord::domain::lifecycle::Cause;
use proctord::runner::RunEvent;
use serde_json::json;
use tempfile::TempDir;

use crate::scene::{NAMESPACE, PATIENT, Run, Scene, told};

/// A run that ends when it is told to.
struct Held {
    scene: Scene,
    run: Run,
    folder: TempDir,
}

impl Held {
    async fn start(script: &str) -> Self {
        let scene = Scene::start().await;
        let folder = TempDir::new().unwrap();
        let go = folder.path().join("go");
        let script = format!(
            "until [ -e {} ]; do sleep 0.05; done; {script}",
            go.display()
        );
        let run = scene.run(&script).await;
        Self { scene, run, folder }
    }

    fn go(&self) {
        std::fs::write(self.folder.path().join("go"), "").unwrap();
    }

    /// Waits until the Pod has this phase.
    async fn phase(&self, pod: &str, phase: &str) {
        wait_for_async("the Pod to end", async || {
            let pod = self.scene.double.object("pods", NAMESPACE, pod).unwrap();
            if pod["status"]["phase"] == phase {
                Ok(())
            } else {
                Err(pod)
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_failing_watch_has_not_shown_decides_nothing() {
    let held = Held::start("exit 3").await;
    let scene = &held.scene;
    let mut followed = scene.follow(&held.run, PATIENT);
    followed.runs().await;
    let pod = scene.running_pod(&held.run).await;

    scene.blind().await;
    held.go();
    held.phase(&pod, "Failed").await;

    let waits = followed.waits().await;
    assert!(
        waits.starts_with("the Pods of the cluster cannot be watched since"),
        "{waits}"
    );
    scene.double.allow("watch", "pods");
    let end = followed.end().await;
    assert_eq!((end.cause, told(&end).1), (Cause::Exited, Some(3)));
}

#[tokio::test]
async fn what_has_never_been_watched_decides_nothing_and_is_told_once_it_is() {
    let mut scene = Scene::start().await;
    scene.double.forbid("watch", "pods");
    scene.restart();
    let run = scene.run("exit 3").await;
    let mut followed = scene.follow(&run, PATIENT);

    let waits = followed.waits().await;
    scene.double.allow("watch", "pods");

    assert!(waits.contains("cannot be watched since"), "{waits}");
    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(3), ""));
}

#[tokio::test]
async fn a_job_that_left_its_pod_behind_is_not_gone_while_nobody_sees_the_pod() {
    let mut held = Held::start("exit 5").await;
    held.scene.double.forbid("watch", "pods");
    held.scene.restart();
    let scene = &held.scene;
    let mut followed = scene.follow(&held.run, PATIENT);
    scene.running_pod(&held.run).await;

    scene.orphan(&held.run).await;
    let waits = followed.waits().await;
    assert!(waits.contains("cannot be watched since"), "{waits}");
    scene.double.allow("watch", "pods");

    followed.runs().await;
    held.go();
    let end = followed.end().await;
    assert_eq!((end.cause, told(&end).1), (Cause::Gone, Some(5)));
}

#[tokio::test]
async fn a_pod_that_has_lost_its_labels_is_followed_to_its_end() {
    let held = Held::start("exit 5").await;
    let scene = &held.scene;
    let mut followed = scene.follow(&held.run, PATIENT);
    followed.runs().await;
    let pod = scene.running_pod(&held.run).await;
    let asked = || scene.double.ledger().requests("list", "pods");
    let before = asked();

    scene.strip_pod(&pod).await;
    wait_for_async("the Pod to be asked for", async || {
        if asked() > before {
            Ok(())
        } else {
            Err(asked())
        }
    })
    .await;
    held.go();

    let RunEvent::Ended(end) = followed.next().await else {
        panic!("it waits for nothing")
    };
    assert_eq!(told(&end), (Cause::Exited, Some(5), ""));
}

#[tokio::test]
async fn a_job_that_has_lost_its_labels_is_followed_to_its_end() {
    let held = Held::start("exit 6").await;
    let scene = &held.scene;
    let mut followed = scene.follow(&held.run, PATIENT);
    followed.runs().await;
    let labels = json!({"metadata": {"labels": null}});
    scene.patch(&held.run, &labels).await;

    let reason = followed.waits().await;
    assert!(reason.contains("has lost the labels"), "{reason}");
    held.go();

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(6), ""));
}
