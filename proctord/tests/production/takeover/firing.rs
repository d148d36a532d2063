//! Struck while schedules fire: each moment has one row, its execution one run, and its mail comes.

use proctor_testkit::wait_for_async;
use rustix::process::Signal;

use super::Fate;
use super::moments::Due;
use super::receivers::Receivers;
use super::replica::Frail;
use super::scene::Scene;
use crate::site::wait_until_ready;

const POINTS: [&str; 4] = [
    "fire.begun",
    "fire.claimed",
    "fire.written",
    "fire.committed",
];
/// Here the unit of work that claims is open.
const WITH_A_CLAIM: [&str; 2] = ["fire.claimed", "fire.written"];

async fn scene(receivers: &Receivers) -> Scene {
    let scene = Scene::with(receivers.variables()).await;
    scene.publish_due().await;
    scene
}

/// One replica after the other is struck when what it has created is due; then it goes on as its fate wills.
async fn struck_in_firing(fate: Fate) {
    let receivers = Receivers::start();
    let scene = scene(&receivers).await;
    for point in POINTS {
        let frail = scene.frail(point, fate);
        if fate != Fate::WakesInBetween {
            scene.open_gate(&frail.name);
        }
        let all = strike(&scene, &frail).await;
        scene.standby.signal(Signal::CONT);
        let executions = scene.fired(&all).await;
        for id in &executions {
            scene.taken_over(*id).await;
        }
        go_on(&scene, &frail, &all, &executions).await;
        for (due, id) in all.iter().zip(executions) {
            scene.holds_moment(due, id, &receivers).await;
        }
        frail.part().await;
    }
}

/// It fires while the standby sleeps, which it still does when this returns.
async fn strike(scene: &Scene, frail: &Frail) -> Vec<Due> {
    wait_until_ready(&frail.proctord).await;
    scene.standby.signal(Signal::STOP);
    let all = scene.due_soon(frail).await;
    frail.struck().await;
    all
}

async fn go_on(scene: &Scene, frail: &Frail, all: &[Due], executions: &[u64]) {
    let since = scene.requests_so_far();
    match frail.fate {
        Fate::Dies => return,
        Fate::WakesAfterTheEnd => {
            for id in executions {
                scene.ended(*id, "SUCCEEDED").await;
                scene.delivered(*id).await;
            }
            let before = scene.stored_of(all, executions);
            frail.wake().await;
            let after = scene.stored_of(all, executions);
            assert_eq!(after, before, "{}", frail.name);
        }
        Fate::WakesInBetween => {
            frail.wake().await;
            scene.open_gate(&frail.name);
        }
    }
    for id in executions {
        let ended = scene.ended(*id, "SUCCEEDED").await;
        scene.assert_refused(frail, since, ended["name"].as_str().unwrap());
    }
}

/// The database has not given its claim up yet when it wakes without a lease: what it writes then is all there is.
async fn woken_with_its_claim() {
    let receivers = Receivers::start();
    let scene = scene(&receivers).await;
    for point in WITH_A_CLAIM {
        let patience = [("PROCTOR_POSTGRES_PATIENCE", "30s")];
        let frail = scene.frail_with(point, Fate::WakesInBetween, &patience);
        let all = strike(&scene, &frail).await;
        scene.standby.signal(Signal::CONT);
        scene.only_standby_has_a_lease().await;
        assert_eq!(scene.rows_of(&all), "0", "{point}");

        frail.wake().await;

        let executions = scene.fired(&all).await;
        scene.open_gate(&frail.name);
        for (due, id) in all.iter().zip(executions) {
            scene.holds_moment(due, id, &receivers).await;
        }
        frail.part().await;
    }
}

impl Scene {
    async fn only_standby_has_a_lease(&self) {
        let question = "SELECT id FROM proctor.replica WHERE expires_at > clock_timestamp()";
        wait_for_async("one lease only", async || {
            let leases = self.site.psql(question);
            match leases == self.standby_id {
                true => Ok(()),
                false => Err(leases),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn who_dies_in_firing_leaves_its_moments_to_the_other() {
    struck_in_firing(Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_in_firing_writes_nothing_after_the_end() {
    struck_in_firing(Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_wakes_from_firing_leaves_its_moments_to_the_other() {
    struck_in_firing(Fate::WakesInBetween).await;
}

#[tokio::test]
async fn who_wakes_with_its_claim_fires_what_nobody_else_could() {
    woken_with_its_claim().await;
}
