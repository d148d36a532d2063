use proctor_testkit::Proctord;

use crate::load::Load;
use crate::site::{Site, wait_until_not_ready, wait_until_ready};

/// How many are accepted before something happens.
const BEFORE: usize = 8;
/// How many are accepted while connections are cut, one for each time.
const CUTS: usize = 30;

/// A ready proctord under load, and the proc that the load executes.
async fn loaded(site: &Site) -> (Proctord, Load) {
    let proctord = site.ready().await;
    site.publish_numbered(&proctord).await;
    let load = Load::start(&proctord);
    load.accepted(BEFORE).await;
    (proctord, load)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_database_loses_nothing() {
    let site = Site::new();
    let (proctord, load) = loaded(&site).await;

    site.postgres.stop();
    load.refused().await;
    wait_until_not_ready(&proctord, "database").await;
    site.postgres.start_again();

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_database_loses_nothing() {
    let site = Site::new();
    let (proctord, load) = loaded(&site).await;

    site.postgres.kill();
    load.refused().await;
    site.postgres.start_again();

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_given_up_in_time_and_used_again() {
    let site = Site::new();
    let (proctord, load) = loaded(&site).await;

    site.postgres.pause();
    let refusal = load.refused().await;
    wait_until_not_ready(&proctord, "database").await;
    site.postgres.resume();

    assert!(refusal.starts_with("503"), "{refusal}");
    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

/// Connections are cut again and again, in the middle of whatever they are doing.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_lose_nothing() {
    let site = Site::new();
    let (proctord, load) = loaded(&site).await;

    for count in BEFORE..BEFORE + CUTS {
        site.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE application_name = 'proctord' AND pid <> pg_backend_pid()",
        );
        load.accepted(count).await;
    }

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_can_only_be_read_is_told_and_used_again() {
    let site = Site::new();
    let (proctord, load) = loaded(&site).await;
    let read_only = |on| {
        site.psql(&format!(
            "ALTER SYSTEM SET default_transaction_read_only = {on}"
        ));
        site.psql("SELECT pg_reload_conf()");
    };

    read_only("on");
    load.refused().await;
    wait_until_not_ready(&proctord, "database can only be read").await;
    let list = crate::site::get(&proctord, "/execution").await;
    read_only("off");

    assert_eq!(list.status, 200, "what is stored can be read: {list:?}");
    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}
