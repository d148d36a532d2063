//! What is left when those who hold servers come to a bad end: nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proctor_testkit::{postgres, redis, wait_for};
use rustix::process::{Pid, Signal, kill_process};

/// Set for the process that plays the holder.
const HOLDER: &str = "PROCTOR_TESTKIT_HOLDER";

#[test]
fn the_servers_of_a_killed_process_go_with_it() {
    if is_holder() {
        hold_servers();
    }
    let mut holder = Holder::start("leftovers::the_servers_of_a_killed_process_go_with_it");
    let servers = holder.servers();
    for (pid, folder) in &servers {
        assert!(is_there(*pid) && Path::new(folder).exists());
    }

    holder.child.kill().unwrap();

    for (pid, folder) in servers {
        wait_for("the server and its folder to go", || {
            let left = (is_there(pid), Path::new(&folder).exists());
            if left == (false, false) {
                Ok(())
            } else {
                Err(left)
            }
        });
    }
}

#[test]
fn what_a_killed_script_leaves_is_removed_by_the_next_one() {
    let place = tempfile::tempdir().unwrap();
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(place.path(), all).unwrap();
    let server = postgres::Server::builder().inside(place.path()).start();
    let (pid, folder) = (server.pid(), server.folder());
    let segment = shared_memory(&folder);
    assert!(segments().contains(&segment), "{segment} is not there");

    kill_process(parent(pid), Signal::KILL).unwrap();

    wait_for("the server to go with its script", || {
        if is_there(pid) {
            Err("it runs")
        } else {
            Ok(())
        }
    });
    assert!(folder.exists());
    let next = redis::Server::builder().inside(place.path()).start();
    assert!(!folder.exists() && next.folder().exists());
    assert!(!segments().contains(&segment), "{segment} is left");
}

/// A process that has a server of each kind and can be killed.
struct Holder {
    child: Child,
}

impl Holder {
    /// Runs this very test once more, as the holder.
    fn start(test: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(HOLDER, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child }
    }

    /// Process ids and folders.
    fn servers(&mut self) -> Vec<(u32, String)> {
        let lines = BufReader::new(self.child.stdout.as_mut().unwrap()).lines();
        let words = lines.map(Result::unwrap).filter_map(|line| {
            let (pid, folder) = line.strip_prefix("holds ")?.split_once(' ')?;
            Some((pid.parse().unwrap(), folder.to_owned()))
        });
        words.take(2).collect()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test and its holder are one program"
)]
fn is_holder() -> bool {
    std::env::var_os(HOLDER).is_some()
}

/// Holds until it is killed, or until its own holder is.
fn hold_servers() -> ! {
    let (postgres, redis) = (postgres::Server::shared(), redis::Server::start());
    let mut out = std::io::stdout().lock();
    let holds = [
        (postgres.pid(), postgres.folder()),
        (redis.pid(), redis.folder()),
    ];
    for (pid, folder) in holds {
        writeln!(out, "\nholds {pid} {}", folder.display()).unwrap();
    }
    let _ = std::io::stdin().read_line(&mut String::new());
    panic!("the holder was not killed");
}

/// Whether the process lives; one that waits to be reaped does not.
fn is_there(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn parent(pid: u32) -> Pid {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    let parent = after_name.split(' ').nth(1).unwrap();
    Pid::from_raw(parent.parse().unwrap()).unwrap()
}

/// The id of the segment that this Postgres has of the machine.
fn shared_memory(folder: &Path) -> String {
    let record = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let line = record.lines().nth(6).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}

/// The ids of all segments of the machine.
fn segments() -> Vec<String> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let rows = table.lines().skip(1);
    rows.filter_map(|row| row.split_whitespace().nth(1).map(ToOwned::to_owned))
        .collect()
}
