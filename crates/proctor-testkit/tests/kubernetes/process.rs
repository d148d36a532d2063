//! The double as a process of its own, and what it leaves when it comes to a bad end: nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use proctor_testkit::{wait_for, wait_for_async};
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{JOBS, job};

struct Running {
    child: Child,
    /// Apart from the child, which closes its own before it is waited for.
    input: Option<ChildStdin>,
    folder: TempDir,
    url: String,
}

impl Running {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kubernetes-double"))
            .args(["--namespace", "procs", "--until-stdin-ends", "--kubeconfig"])
            .arg(folder.path().join("kubeconfig"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut ready).unwrap();
        let url = ready.trim_end().strip_prefix("ready ").unwrap();
        Self {
            url: url.to_owned(),
            input: child.stdin.take(),
            child,
            folder,
        }
    }

    /// Runs a container with a process in the background; returns the numbers of both.
    async fn container(&self) -> Vec<u32> {
        let told = self.folder.path().join("pids");
        let script = format!(
            "trap '' TERM; sleep 1000 & echo $$$$ $! > {0}.new; mv {0}.new {0}; wait",
            told.display()
        );
        let request = Client::new()
            .post(format!("{}{JOBS}", self.url))
            .header("content-type", "application/json")
            .body(job("a", &script).to_string());
        assert_eq!(request.send().await.unwrap().status().as_u16(), 201);
        let text = wait_for_async("the processes to tell their numbers", async || {
            fs::read_to_string(&told)
        })
        .await;
        let numbers = text.split_whitespace().map(|one| one.parse().unwrap());
        numbers.collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already: a test that fails leaves nothing either.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn until_gone(processes: &[u32]) {
    for process in processes {
        wait_for(
            "a container's process to end",
            || match fs::read_to_string(format!("/proc/{process}/stat")) {
                Ok(stat) if !stat.contains(") Z ") => Err(stat),
                _ => Ok(()),
            },
        );
    }
}

#[tokio::test]
async fn it_writes_a_kubeconfig_and_ends_with_its_containers_when_told() {
    let mut double = Running::start();
    let file = double.folder.path().join("kubeconfig");
    let config: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(config["clusters"][0]["cluster"]["server"], double.url);
    assert_eq!(config["contexts"][0]["context"]["namespace"], "procs");
    let processes = double.container().await;
    assert_eq!(processes.len(), 2);

    kill_process(Pid::from_child(&double.child), Signal::TERM).unwrap();

    assert!(double.child.wait().unwrap().success());
    until_gone(&processes);
    assert!(!file.exists());
}

#[tokio::test]
async fn its_containers_do_not_outlive_it_when_it_is_killed() {
    let mut double = Running::start();
    let processes = double.container().await;

    double.child.kill().unwrap();

    until_gone(&processes);
}

#[tokio::test]
async fn it_ends_with_whoever_holds_its_input() {
    let mut double = Running::start();
    let processes = double.container().await;

    double.input = None;

    assert!(double.child.wait().unwrap().success());
    until_gone(&processes);
}
