//! One run, from its seed to its verdict: clients and faults at once, then everything is healed and comes to rest,
//! then what is known is held against what must be.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::check::{Verdict, check};
use crate::clients::Clients;
use crate::faults::{PATROL, disturb};
use crate::gather::gather;
use crate::history::{History, Told};
use crate::plan::{Form, Plan};
use crate::scene::{self, Scene};

/// How long everything may take to come to rest once nothing goes wrong any more.
const REST: Duration = Duration::from_secs(120);
pub const PAUSE: Duration = Duration::from_millis(200);

/// Runs a plan; its folder stays only if something was wrong.
pub async fn run(seed: u64, form: Form) -> Verdict {
    let plan = Plan::of(seed, form);
    let folder = scene::folder(seed);
    println!("{plan}");
    fs::write(folder.join("plan"), plan.to_string()).unwrap();
    let scene = Arc::new(Scene::open(&folder, &plan).await);
    let began = Instant::now();
    let told: Vec<_> = plan
        .wishes
        .iter()
        .map(|wish| Arc::new(Mutex::new(Told::nothing_yet(wish.clone()))))
        .collect();
    let mut clients = JoinSet::new();
    for (wish, told) in plan.wishes.iter().zip(&told) {
        let actor = Clients::new(wish.clone(), &scene.replicas, seed, Arc::clone(told));
        clients.spawn(actor.act(began));
    }
    disturb(&scene, &plan, began).await;
    tokio::time::sleep_until((began + form.over).into()).await;
    with(&scene, Scene::heal).await;
    let history = tokio::select! {
        history = look_back(&scene, clients, &told) => history,
        () = tend(&scene) => unreachable!("replicas are tended for ever"),
    };
    let verdict = check(seed, &history);
    if verdict.holds() {
        drop(scene);
        fs::remove_dir_all(&folder).unwrap();
    } else {
        let found = verdict.to_string();
        fs::write(folder.join("verdict"), found).unwrap();
    }
    verdict
}

/// Lets everything come to rest, and collects what is known then.
async fn look_back(scene: &Scene, clients: JoinSet<()>, told: &[Arc<Mutex<Told>>]) -> History {
    come_to_rest(scene, clients).await;
    let told = told.iter().map(|told| told.lock().unwrap().clone());
    gather(scene, told.collect()).await
}

/// Starts replicas again that crash at a fail point that was armed before.
async fn tend(scene: &Arc<Scene>) {
    loop {
        tokio::time::sleep(PATROL).await;
        with(scene, Scene::tend).await;
    }
}

/// Starting and killing wait for processes.
async fn with(scene: &Arc<Scene>, deed: fn(&Scene)) {
    let scene = Arc::clone(scene);
    let done = tokio::task::spawn_blocking(move || deed(&scene));
    done.await.unwrap();
}

/// Waits until every client has what it wants and the store has nothing that is live. Whoever still waits after that
/// is left: the verdict tells.
async fn come_to_rest(scene: &Scene, mut clients: JoinSet<()>) {
    let all_done = async {
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
    };
    let _in_time = tokio::time::timeout(REST, all_done).await;
    patiently(REST, async || {
        let live = scene.postgres.psql(
            "SELECT count(*) FROM proctor.execution
              WHERE log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')",
        );
        live == "0"
    })
    .await;
}

/// Waits until it is so; false if it never was.
pub async fn patiently(patience: Duration, is_so: impl AsyncFn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if is_so().await {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
