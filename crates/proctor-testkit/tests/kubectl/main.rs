//! The Kubernetes double as kubectl meets it: a client that knows nothing of us. It needs `kubectl` in the PATH and
//! fails without it; `make test-all` runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use proctor_testkit::kubernetes::Kubernetes;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Kubectl {
    double: Kubernetes,
    config: PathBuf,
    folder: TempDir,
}

impl Kubectl {
    fn start() -> Self {
        let double = Kubernetes::start();
        Self {
            config: double.kubeconfig("procs"),
            double,
            folder: TempDir::new().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .args(args)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", &self.config);
        command
    }

    /// What it printed; it must have succeeded.
    fn run(&self, args: &[&str]) -> String {
        let output = self
            .command(args)
            .output()
            .expect("kubectl is in the PATH: these tests need it");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Applies a Job that runs a shell script.
    fn apply(&self, name: &str, script: &str) -> String {
        let file = self.folder.path().join(format!("{name}.json"));
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": "procs"},
            "spec": {"backoffLimit": 0, "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{
                    "name": "proc",
                    "image": "busybox",
                    "command": ["/bin/sh", "-c", script],
                }],
            }}},
        });
        fs::write(&file, job.to_string()).unwrap();
        // Its validation wants an OpenAPI document, which the double has not.
        self.run(&["apply", "--validate=false", "-f", file.to_str().unwrap()])
    }
}

#[test]
fn a_job_is_applied_waited_for_and_its_log_read() {
    let kubectl = Kubectl::start();

    assert_eq!(kubectl.apply("a", "echo hello"), "job.batch/a created\n");
    let waited = kubectl.run(&["wait", "--for=condition=complete", "job/a", "--timeout=60s"]);
    assert_eq!(waited, "job.batch/a condition met\n");

    assert_eq!(kubectl.run(&["logs", "job/a"]), "hello\n");
    let stored: Value =
        serde_json::from_str(&kubectl.run(&["get", "job", "a", "-o", "json"])).unwrap();
    assert_eq!(stored["status"]["succeeded"], 1);
    assert_eq!(kubectl.apply("a", "echo hello"), "job.batch/a unchanged\n");
}

#[test]
fn a_log_is_followed_to_the_end_of_a_job_that_is_deleted() {
    let kubectl = Kubectl::start();
    kubectl.apply(
        "a",
        "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done",
    );
    kubectl.run(&[
        "wait",
        "--for=condition=ready",
        "pod",
        "-l",
        "job-name=a",
        "--timeout=60s",
    ]);

    let mut following = kubectl
        .command(&["logs", "-f", "job/a"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "up");
    let deleted = kubectl.run(&["delete", "job", "a", "--cascade=foreground"]);

    assert!(deleted.contains("\"a\" deleted"), "{deleted}");
    assert_eq!(lines.next().unwrap().unwrap(), "bye");
    assert!(lines.next().is_none());
    assert!(following.wait().unwrap().success());
    assert_eq!(kubectl.run(&["get", "pods", "-o", "name"]), "");
}

#[test]
fn a_watch_shows_what_happens() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "sleep 1000");

    let mut watching = kubectl
        .command(&[
            "get",
            "jobs",
            "-w",
            "-o",
            "name",
            "--output-watch-events=false",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "job.batch/a");
    kubectl.apply("b", "true");
    let told = lines.map(Result::unwrap).find(|line| line == "job.batch/b");
    watching.kill().unwrap();
    watching.wait().unwrap();

    assert_eq!(told.as_deref(), Some("job.batch/b"));
    assert!(kubectl.double.object("jobs", "procs", "b").is_some());
}

#[test]
fn refusals_are_told_in_its_own_words() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "sleep 1000");
    kubectl.double.forbid("delete", "jobs");

    for (args, expected) in [
        (
            ["get", "job", "absent"],
            "Error from server (NotFound): jobs.batch \"absent\" not found\n",
        ),
        (
            ["delete", "job", "a"],
            "Error from server (Forbidden): jobs.batch is forbidden: User \"tester\" cannot delete resource \
             \"jobs\" in API group \"batch\" in the namespace \"procs\"\n",
        ),
    ] {
        let refused = kubectl.command(&args).output().unwrap();
        assert!(!refused.status.success());
        assert_eq!(String::from_utf8_lossy(&refused.stderr), expected);
    }
}

#[test]
fn a_job_is_described_with_its_pod_and_what_happened() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "exit 3");
    kubectl.run(&["wait", "--for=condition=failed", "job/a", "--timeout=60s"]);

    let job = kubectl.run(&["describe", "job", "a"]);
    for told in [
        "0 Active (0 Ready) / 0 Succeeded / 1 Failed",
        "BackoffLimitExceeded",
    ] {
        assert!(job.contains(told), "{told}: {job}");
    }
    let pod = kubectl.run(&["describe", "pods"]);
    for told in [
        "Node:",
        "node1/",
        "Exit Code:    3",
        "Controlled By:  Job/a",
        "Container image \"busybox\" already present on machine",
        "Successfully assigned procs/a-",
    ] {
        assert!(pod.contains(told), "{told}: {pod}");
    }
}

#[test]
fn a_pod_is_watched_from_its_start_to_its_end() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "echo up; sleep 0.2");

    let mut watching = kubectl
        .command(&["get", "pods", "-w", "-o", "jsonpath={.status.phase}{'\\n'}"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut phases: Vec<String> = Vec::new();
    for phase in lines.map(Result::unwrap) {
        let is_over = phase == "Succeeded";
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
        if is_over {
            break;
        }
    }
    watching.kill().unwrap();
    watching.wait().unwrap();

    let seen: Vec<_> = phases.iter().filter(|phase| !phase.is_empty()).collect();
    assert!(
        seen.ends_with(&[&"Running".to_owned(), &"Succeeded".to_owned()]),
        "{seen:?}"
    );
}

#[test]
fn a_log_is_followed_until_its_container_ends() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "sleep 1; for n in 1 2 3; do echo $n; sleep 0.1; done");
    kubectl.run(&[
        "wait",
        "--for=jsonpath={.status.containerStatuses[0].state.running}",
        "pod",
        "-l",
        "job-name=a",
        "--timeout=60s",
    ]);

    assert_eq!(kubectl.run(&["logs", "-f", "job/a"]), "1\n2\n3\n");
    let stamped = kubectl.run(&["logs", "job/a", "--timestamps", "--tail=1"]);
    assert!(stamped.ends_with("Z 3\n"), "{stamped}");
}

#[test]
fn a_deleted_job_is_waited_for_until_it_is_gone() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "trap 'exit 0' TERM; while :; do sleep 0.05; done");
    kubectl.run(&[
        "wait",
        "--for=condition=ready",
        "pod",
        "-l",
        "job-name=a",
        "--timeout=60s",
    ]);

    kubectl.run(&["delete", "job", "a", "--wait=false"]);
    kubectl.run(&[
        "wait",
        "--for=delete",
        "pod",
        "-l",
        "job-name=a",
        "--timeout=60s",
    ]);

    assert_eq!(kubectl.run(&["get", "jobs,pods", "-o", "name"]), "");
}

#[test]
fn it_is_told_that_a_node_is_lost() {
    let kubectl = Kubectl::start();
    kubectl.apply("a", "sleep 1000");
    kubectl.run(&[
        "wait",
        "--for=condition=ready",
        "pod",
        "-l",
        "job-name=a",
        "--timeout=60s",
    ]);

    kubectl.double.lose_node();

    let refused = kubectl.command(&["logs", "job/a"]).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        told.starts_with("Error from server: Get \"https://node1:10250/containerLogs/procs/a-"),
        "{told}"
    );
    assert!(told.ends_with("connect: connection refused\n"), "{told}");
}
