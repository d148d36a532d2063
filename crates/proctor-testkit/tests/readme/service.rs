//! The service as the README starts it, but on a free port, and what it leaves running.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;

use proctor_testkit::wait_for;
use rustix::process::{Pid, Signal, kill_process};

use crate::shell;

/// A service that serves; dropped, neither it nor any execution of it goes on.
pub struct Service {
    child: Child,
    home: PathBuf,
    address: String,
}

impl Service {
    /// Starts it in this home by these commands, the last of which is the service itself.
    pub fn start(home: &Path, commands: &str) -> Self {
        let (before, last) = commands.rsplit_once('\n').unwrap_or(("", commands));
        let welcome = home.join("welcome");
        let log = home.join("service.log");
        let child = shell::command(home, "sh")
            .args(["-c", &format!("set -eu\n{before}\nexec {last}")])
            .env("PROCTOR_APP_PORT", "0")
            .stdout(File::create(&welcome).expect("a file can be made"))
            .stderr(File::create(&log).expect("a file can be made"))
            .spawn()
            .expect("there is a shell");
        let mut service = Self {
            child,
            home: home.to_owned(),
            address: String::new(),
        };
        service.address = wait_for("the service to serve", || {
            let ended = service.child.try_wait().expect("it can be waited for");
            let told = fs::read_to_string(&welcome).expect("it writes text");
            let log = fs::read_to_string(&log).expect("it writes text");
            assert!(ended.is_none(), "the service ended: {log}");
            let address = told
                .split_once("serves http://")
                .and_then(|(_, rest)| rest.split_once(char::is_whitespace))
                .map(|(address, _)| address);
            address.map(ToOwned::to_owned).ok_or(told.clone())
        });
        service
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops it as Ctrl-C does, and expects it to end well.
    pub fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).expect("a pid is an i32");
        signal(pid, Signal::INT);
        let status = wait_for("the service to end", || {
            self.child
                .try_wait()
                .expect("it can be waited for")
                .ok_or("it runs")
        });
        assert!(status.success(), "the service ended with {status}");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in left_by(&self.home) {
            signal(pid, Signal::TERM);
        }
    }
}

/// The processes whose command line names this folder: shims of executions that go on.
pub fn left_by(home: &Path) -> Vec<i32> {
    let home = home.display().to_string();
    let processes = fs::read_dir("/proc").expect("/proc is mounted");
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        // A process may end between the two looks.
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&home)
    })
    .collect()
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may be gone by now, which is what is wanted.
        let _ = kill_process(pid, signal);
    }
}
