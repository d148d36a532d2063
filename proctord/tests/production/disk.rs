//! A disk of the database's that is full.

use std::path::Path;
use std::process::Command;

use proctor_testkit::{SmallDisk, postgres};

use crate::load::Load;
use crate::site::{Site, wait_until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_database_loses_nothing() {
    let Some(disk) = SmallDisk::mount(150) else {
        return;
    };
    let server = postgres::Server::builder()
        .setting("min_wal_size=32MB")
        .setting("max_wal_size=32MB")
        .inside(disk.path())
        .start();
    let site = Site::with(server);
    let proctord = site.ready().await;
    site.publish_numbered(&proctord).await;
    // What is allocated already is used up first: a large table has the server ask for more.
    site.psql(
        "CREATE TABLE ballast AS SELECT repeat('x', 500) AS text FROM generate_series(1, 10000)",
    );
    let load = Load::start(&proctord);
    load.accepted(8).await;

    disk.fill();
    use_up_the_log(&site);
    load.refused().await;
    disk.make_room();
    revive(&site);

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

/// Writes until the server has no room left, or goes down over it.
fn use_up_the_log(site: &Site) {
    let more = "INSERT INTO ballast SELECT repeat('y', 500) FROM generate_series(1, 20000)";
    let mut tries = 0;
    while psql(site, more) && tries < 50 {
        tries += 1;
    }
}

/// A Postgres that cannot write its log goes down; whoever runs it starts it again.
fn revive(site: &Site) {
    if !Path::new(&format!("/proc/{}/stat", site.postgres.pid())).exists()
        || !psql(site, "SELECT 1")
    {
        site.postgres.kill();
        site.postgres.start_again();
    }
}

fn psql(site: &Site, statement: &str) -> bool {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--command", statement]);
    let ran = command.arg(site.postgres.url()).output().unwrap();
    ran.status.success()
}
