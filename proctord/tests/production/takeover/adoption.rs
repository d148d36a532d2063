//! Struck while an execution is taken over: its first owner is dead, and the standby slept when the second one came.

use proctor_testkit::wait_for_async;
use rustix::process::Signal;

use super::Fate;
use super::runs::body;
use super::scene::Scene;
use crate::site::{execute, get, wait_until_ready};

const POINTS: [&str; 3] = ["adopt.begun", "adopt.stored", "adopt.tracked"];

async fn struck_in_adoption(fate: Fate) {
    let scene = Scene::new().await;
    for point in POINTS {
        let case = format!("{point}.{fate:?}");
        let first = scene.replica(&format!("first-{case}")).start();
        wait_until_ready(&first).await;
        let id = execute(&first, &body(&case)).await;
        wait_for_async("its log to begin", async || {
            let log = get(&scene.standby, &format!("/execution/{id}/logs")).await;
            if log.body == "token ***\n" {
                Ok(())
            } else {
                Err(log)
            }
        })
        .await;
        scene.standby.signal(Signal::STOP);
        first.kill();
        scene.all_leases_over().await;
        let frail = scene.frail(point, fate);
        frail.struck().await;
        scene.standby.signal(Signal::CONT);
        scene.taken_over(id).await;
        let since = scene.requests_so_far();
        if fate == Fate::WakesInBetween {
            frail.wake().await;
        }
        scene.open_gate(&case);
        let ended = scene.ended(id, "FAILED").await;
        if fate == Fate::WakesAfterTheEnd {
            let before = scene.stored(id);
            frail.wake().await;
            assert_eq!(scene.stored(id), before, "{case}");
        }
        scene.assert_refused(&frail, since, ended["name"].as_str().unwrap());
        scene.holds_run(id, &case).await;
        frail.part().await;
    }
}

impl Scene {
    async fn all_leases_over(&self) {
        let question = "SELECT count(*) FROM proctor.replica WHERE expires_at > clock_timestamp()";
        wait_for_async("all leases to be over", async || {
            match self.site.psql(question).as_str() {
                "0" => Ok(()),
                count => Err(count.to_owned()),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn who_dies_in_taking_over_leaves_it_to_the_next() {
    struck_in_adoption(Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_in_taking_over_writes_nothing_after_the_end() {
    struck_in_adoption(Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_wakes_from_taking_over_leaves_it_to_the_next() {
    struck_in_adoption(Fate::WakesInBetween).await;
}
