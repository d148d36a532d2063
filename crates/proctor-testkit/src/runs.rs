//! Ends what a test has left running: executions outlive the proctord under test, and must not outlive the test.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long ended runs may take to be gone; a test is over by then, whatever comes of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has every shim below the folder end its command at once, and waits until the shims are gone.
pub(crate) fn end_all(executions: &Path) {
    let Ok(folders) = fs::read_dir(executions) else {
        return;
    };
    let ended: Vec<i32> = folders
        .filter_map(|folder| end(&folder.ok()?.path()))
        .collect();
    let give_up = Instant::now() + PATIENCE;
    while ended.iter().any(|pid| is_there(*pid)) && Instant::now() < give_up {
        std::thread::yield_now();
    }
}

/// The shim of the folder, asked to end, if it runs.
fn end(folder: &Path) -> Option<i32> {
    let record = fs::read_to_string(folder.join("shim.json")).ok()?;
    let record: serde_json::Value = serde_json::from_str(&record).ok()?;
    let pid = i32::try_from(record["pid"].as_i64()?).ok()?;
    // The number may be another process's by now.
    let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    if !words.contains(&folder.display().to_string()) {
        return None;
    }
    fs::write(folder.join("stop"), r#"{"grace_ms":0}"#).ok()?;
    kill_process(Pid::from_raw(pid)?, Signal::TERM).ok()?;
    Some(pid)
}

fn is_there(pid: i32) -> bool {
    // A shim that nobody reaps is gone for us.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
