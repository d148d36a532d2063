//! A disk of the database's that is full.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use proctor_testkit::postgres;

use crate::load::Load;
use crate::site::{Site, wait_until_ready};

/// A small file system, mounted as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with a word on standard error, where this user must not mount.
    fn mount(path: &Path) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount
            .args(["-t", "tmpfs", "-o", "size=150m", "tmpfs"])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => {
                fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
                Some(Self(path.to_owned()))
            }
            refused => {
                eprintln!("SKIPPED: a small disk needs the right to mount: {refused:?}");
                None
            }
        }
    }

    /// Takes all the room that is left, again and again: the server frees some now and then.
    fn fill(&self) {
        let mut file = fs::File::options()
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        for size in [65_536, 4096, 1] {
            let block = vec![b'x'; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A failed test may leave a server in there: detach it all the same.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_database_loses_nothing() {
    let outside = tempfile::tempdir().unwrap();
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let Some(disk) = SmallDisk::mount(&outside.path().join("disk")) else {
        return;
    };
    let server = postgres::Server::builder()
        .setting("min_wal_size=32MB")
        .setting("max_wal_size=32MB")
        .inside(&disk.0)
        .start();
    let site = Site::with(server);
    let proctord = site.ready().await;
    site.publish_numbered(&proctord).await;
    // What is allocated already is used up first: a large table has the server ask for more.
    site.psql(
        "CREATE TABLE ballast AS SELECT repeat('x', 500) AS text FROM generate_series(1, 10000)",
    );
    let load = Load::start(&proctord, 200);
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
