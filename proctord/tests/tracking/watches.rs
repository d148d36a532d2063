use futures::future::join_all;
use futures::{StreamExt, stream};
use proctor_testkit::wait_for_async;
use proctord::domain::lifecycle::Cause;
use proctord::runner::kubernetes::watches::WatchHealth;

use crate::scene::{PATIENT, Scene, told};

/// Executions that are followed at once.
const MANY: usize = 200;

/// Launches at once; more only make the double's processes wait for each other.
const AT_ONCE: usize = 4;

async fn are_well(scene: &Scene) {
    wait_for_async("both watches to work", async || {
        let health = scene.watches.health();
        match (&health.jobs, &health.pods) {
            (WatchHealth::Watching, WatchHealth::Watching) => Ok(()),
            _ => Err(health),
        }
    })
    .await;
}

#[tokio::test]
async fn a_watch_that_is_cut_goes_on_where_it_was() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1; exit 3").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;
    let lists = scene.double.ledger().requests("list", "jobs");

    scene.double.cut();

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(3), ""));
    assert_eq!(scene.double.ledger().requests("list", "jobs"), lists);
}

#[tokio::test]
async fn a_watch_that_was_left_behind_lists_again() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 2; exit 3").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;

    scene.double.compact();
    scene.double.cut();

    assert_eq!(told(&followed.end().await), (Cause::Exited, Some(3), ""));
}

#[tokio::test]
async fn what_was_deleted_while_nobody_watched_is_gone() {
    let scene = Scene::start().await;
    let run = scene.run("sleep 1000").await;
    let mut followed = scene.follow(&run, PATIENT);
    followed.runs().await;
    let job = scene.cluster.job(run.name.as_str()).await.unwrap().unwrap();

    scene.double.fail(2);
    scene.double.cut();
    scene.cluster.delete_job(&job).await.unwrap();
    scene.double.compact();

    assert_eq!(followed.end().await.cause, Cause::Gone);
}

#[tokio::test]
async fn another_process_learns_from_the_list_what_has_ended_meanwhile() {
    let mut scene = Scene::start().await;
    let run = scene.run("exit 3").await;
    let unstarted = scene.follow(&run, PATIENT).end().await;
    scene.restart();

    let end = scene.follow(&run, PATIENT).end().await;

    assert_eq!(told(&end), told(&unstarted));
}

#[tokio::test]
async fn a_watch_that_is_forbidden_says_so_and_does_not_spin() {
    let mut scene = Scene::start().await;
    are_well(&scene).await;
    scene.double.forbid("list", "pods");
    let before = scene.double.ledger().requests("list", "pods");
    scene.restart();

    let error = wait_for_async("the watch of Pods to fail", async || {
        match scene.watches.health().pods {
            WatchHealth::Failing { error, .. } => Ok(error),
            health => Err(health),
        }
    })
    .await;

    assert!(error.contains("forbidden"), "{error}");
    let failure = scene.watches.health().check().unwrap_err().to_string();
    assert!(
        failure.starts_with("the watch of pods fails since"),
        "{failure}"
    );
    let lists = scene.double.ledger().requests("list", "pods") - before;
    assert!(lists <= 3, "{lists} lists");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_executions_share_one_pair_of_watches() {
    let scene = Scene::start().await;
    are_well(&scene).await;
    let runs = stream::iter(0..MANY).map(|number| scene.run_number(number));
    let runs: Vec<_> = runs.buffered(AT_ONCE).collect().await;
    let followed = runs.iter().map(|run| scene.follow(run, PATIENT).end());

    let ends = join_all(followed).await;

    for (number, end) in ends.iter().enumerate() {
        let code = i32::try_from(number % 50).unwrap();
        assert_eq!((end.cause, told(end).1), (Cause::Exited, Some(code)));
    }
    let ledger = scene.double.ledger();
    let asked = |verb, resource| ledger.requests(verb, resource);
    assert_eq!((asked("watch", "jobs"), asked("watch", "pods")), (1, 1));
    assert_eq!((asked("list", "jobs"), asked("list", "pods")), (1, 1));
    assert_eq!(asked("get", "jobs"), 0);
}
