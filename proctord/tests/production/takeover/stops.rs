//! Struck while an execution is stopped.

use proctor_testkit::wait_for_async;
use serde_json::json;

use super::Fate;
use super::scene::Scene;
use crate::site::{execute, get, wait_until_ready};

const POINTS: [&str; 3] = ["stop.stored", "kubernetes.stopping", "kubernetes.stopped"];

async fn struck_at_stop(fate: Fate) {
    let scene = Scene::new().await;
    for point in POINTS {
        let frail = scene.frail(point, fate);
        wait_until_ready(&frail.proctord).await;
        let body = json!({"name": "stoppable", "callback_url": "http://callback.example/"});
        let id = execute(&frail.proctord, &body).await;
        wait_for_async("it to say that it is ready", async || {
            let log = get(&scene.standby, &format!("/execution/{id}/logs")).await;
            if log.body == "ready\n" {
                Ok(())
            } else {
                Err(log)
            }
        })
        .await;
        frail
            .struck_by(&format!("/execution/{id}/stop"), &json!({}))
            .await;
        scene.taken_over(id).await;
        let since = scene.requests_so_far();
        if fate == Fate::WakesInBetween {
            frail.wake().await;
        }
        let ended = scene.ended(id, "STOPPED").await;
        if fate == Fate::WakesAfterTheEnd {
            let before = scene.stored(id);
            frail.wake().await;
            assert_eq!(scene.stored(id), before, "{}", frail.name);
        }
        scene.assert_refused(&frail, since, ended["name"].as_str().unwrap());
        scene.holds_stop(id, &frail.name).await;
        frail.part().await;
    }
}

impl Scene {
    /// A Pod that was asked to end may be gone before another replica looks: then nobody knows its exit code any
    /// more, and the log says that it is not complete.
    async fn holds_stop(&self, id: u64, case: &str) {
        let ended = self.ended(id, "STOPPED").await;
        let log = self.log(id);
        let is_whole = log.text() == "ready\ntold\n";
        let told = log.stderr.contains("not complete");
        assert!(log.text().starts_with("ready\n"), "{case}: {log:?}");
        assert!(is_whole || told, "{case}: {log:?}");
        let code = &ended["exit_code"];
        assert!(*code == 9 || (code.is_null() && told), "{case}: {ended}");
        self.holds_one_run(id, &ended, case).await;
    }
}

#[tokio::test]
async fn who_dies_around_a_stop_leaves_it_to_the_other() {
    struck_at_stop(Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_through_a_stop_writes_nothing_after_it() {
    struck_at_stop(Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_wakes_during_a_stop_leaves_it_to_the_other() {
    struck_at_stop(Fate::WakesInBetween).await;
}
