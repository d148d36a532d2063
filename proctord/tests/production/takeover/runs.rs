//! Struck while an execution is launched, followed, finished or cleaned away.

use proctor_testkit::wait_for_async;
use serde_json::{Value, json};

use super::Fate;
use super::replica::Frail;
use super::scene::Scene;
use crate::site::{get, wait_until_ready};

const BEFORE_THE_END: [&str; 9] = [
    "accept.stored",
    "kubernetes.created",
    "kubernetes.secret",
    "launch.prepared",
    "launch.created",
    "kubernetes.resumed",
    "launch.started",
    "log.read",
    "log.stored",
];
const AFTER_THE_END: [&str; 4] = [
    "finish.stored",
    "finish.admitted",
    "finish.pumped",
    "finish.closed",
];
/// How many executions may be cleaned away by the other one before this one gets its turn.
const MOST_CLEANED: usize = 100;
const AFTER_THE_LOG: [&str; 3] = ["sweep.found", "kubernetes.discarded", "sweep.discarded"];

pub fn body(case: &str) -> Value {
    json!({"name": "once", "args": {"CASE": case}, "callback_url": "http://callback.example/"})
}

impl Scene {
    /// Whatever became of its owner on the way, this is how it ended.
    pub async fn holds_run(&self, id: u64, case: &str) {
        let ended = self.ended(id, "FAILED").await;
        assert_eq!(ended["exit_code"], 5, "{case}: {ended}");
        let log = self.log(id);
        assert_eq!(log.text(), "token ***\ndone\n", "{case}: {log:?}");
        assert!(!log.stderr.contains("not complete"), "{case}: {log:?}");
        self.holds_one_run(id, &ended, case).await;
    }
}

/// One replica after the other is struck; then it goes on as its fate wills.
async fn struck_at(points: &[&str], fate: Fate) {
    let scene = Scene::new().await;
    for point in points {
        let frail = scene.frail(point, fate);
        wait_until_ready(&frail.proctord).await;
        let case = frail.name.clone();
        if fate != Fate::WakesInBetween || AFTER_THE_END.contains(point) {
            scene.open_gate(&case);
        }
        frail.struck_by("/execution", &body(&case)).await;
        let id = scene.youngest("once");
        // Of one whose log is closed already there is nothing to take over.
        if *point != "finish.closed" {
            scene.taken_over(id).await;
        }
        go_on(&scene, &frail, id, &case).await;
        scene.holds_run(id, &case).await;
        frail.part().await;
    }
}

async fn go_on(scene: &Scene, frail: &Frail, id: u64, case: &str) {
    let since = scene.requests_so_far();
    match frail.fate {
        Fate::Dies => return,
        Fate::WakesAfterTheEnd => {
            scene.ended(id, "FAILED").await;
            let before = scene.stored(id);
            frail.wake().await;
            assert_eq!(scene.stored(id), before, "{case}");
        }
        Fate::WakesInBetween => {
            frail.wake().await;
            scene.open_gate(case);
        }
    }
    let ended = scene.ended(id, "FAILED").await;
    scene.assert_refused(frail, since, ended["name"].as_str().unwrap());
}

/// Both clean up, and whoever looks first after the time does it: executions end at any moment until this one is struck.
async fn struck_in_cleaning(fate: Fate) {
    let scene = Scene::new().await;
    for point in AFTER_THE_LOG {
        let frail = scene.frail(point, fate);
        wait_until_ready(&frail.proctord).await;
        let case = frail.name.clone();
        scene.open_gate(&case);
        let mut ids = Vec::new();
        while !frail.is_struck() {
            assert!(ids.len() < MOST_CLEANED, "{case} was not reached");
            frail.ask("/execution", &body(&case)).await;
            let id = scene.youngest("once");
            scene.ended_or_struck(&frail, id).await;
            ids.push(id);
        }
        if fate != Fate::Dies {
            frail.wake().await;
        }
        ids.dedup();
        for id in ids {
            scene.holds_run(id, &case).await;
        }
        frail.part().await;
    }
}

impl Scene {
    async fn ended_or_struck(&self, frail: &Frail, id: u64) {
        wait_for_async("it to end", async || {
            let ended = get(&self.standby, &format!("/execution/{id}")).await;
            if frail.is_struck() || ended.body.contains("FAILED") {
                Ok(())
            } else {
                Err(ended)
            }
        })
        .await;
    }
}

#[tokio::test]
async fn who_dies_around_a_launch_leaves_one_run_to_the_other() {
    struck_at(&BEFORE_THE_END, Fate::Dies).await;
}

#[tokio::test]
async fn who_dies_around_a_finish_leaves_one_run_to_the_other() {
    struck_at(&AFTER_THE_END, Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_through_a_run_writes_nothing_after_it() {
    struck_at(&BEFORE_THE_END, Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_sleeps_through_a_finish_writes_nothing_after_it() {
    struck_at(&AFTER_THE_END, Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_wakes_during_a_run_leaves_it_to_the_other() {
    struck_at(&BEFORE_THE_END, Fate::WakesInBetween).await;
}

#[tokio::test]
async fn who_wakes_during_a_finish_leaves_it_to_the_other() {
    struck_at(&AFTER_THE_END, Fate::WakesInBetween).await;
}

#[tokio::test]
async fn who_is_struck_in_cleaning_up_leaves_it_to_the_other() {
    struck_in_cleaning(Fate::Dies).await;
    struck_in_cleaning(Fate::WakesInBetween).await;
}
