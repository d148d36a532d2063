//! proctord is crashed at every named point around launch, stop, finish and clean-up of Jobs. Afterwards the cluster's
//! own ledger has one Job and one run, the outcome and the log are the real ones, and nothing is left behind.

use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder, wait_for_async};
use serde_json::{Value, json};

use crate::site::{Site, get, publish, wait_for_status, wait_until_ready};

const NAMESPACE: &str = "procs";
const ONCE: &str = "echo \"token $TOKEN\"; echo done; exit 5";
const STOPPABLE: &str = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done";

/// A place whose proctord is crashed over and over.
struct Scene {
    site: Site,
    double: Kubernetes,
    /// Those that were there before.
    known: Vec<u64>,
}

impl Scene {
    async fn new() -> Self {
        let double = Kubernetes::builder()
            .end_delay(Duration::from_millis(100))
            .start();
        let scene = Self {
            site: Site::new(),
            double,
            known: Vec::new(),
        };
        scene.site.migrate();
        let proctord = scene.proctord().start();
        wait_until_ready(&proctord).await;
        let image = || json!({"image_name": "busybox:1.36"});
        let mut fields = image();
        fields["env_vars"] = json!({"secrets": [{"name": "TOKEN"}]});
        publish(&proctord, "once", ONCE, fields).await;
        let set = proctord.proctor(&["secret", "set", "once", "TOKEN"]);
        let _ = set.input(b"crash-secret").succeed();
        publish(&proctord, "stoppable", STOPPABLE, image()).await;
        assert!(proctord.stop().success());
        scene
    }

    fn proctord(&self) -> ProctordBuilder {
        let kubeconfig = self.double.kubeconfig(NAMESPACE);
        self.site
            .proctord()
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_KUBE_JOB_KEEP", "1s")
            .env("PROCTOR_LEASE_LIFETIME", "1s")
    }

    fn crashing_at(&self, point: &str) -> Proctord {
        let points = format!("{point}=crash");
        self.proctord().env("PROCTOR_FAIL_POINTS", &points).start()
    }

    /// The execution that was not there before.
    async fn new_execution(&mut self, proctord: &Proctord) -> u64 {
        let known = self.known.clone();
        let id = wait_for_async("a new execution", async || {
            let answer = get(proctord, "/execution").await;
            let page: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let executions = page["executions"].as_array().cloned().unwrap_or_default();
            let ids = executions.iter().filter_map(|one| one["id"].as_u64());
            match ids.filter(|id| !known.contains(id)).collect::<Vec<_>>()[..] {
                [id] => Ok(id),
                _ => Err(answer),
            }
        })
        .await;
        self.known.push(id);
        id
    }

    /// Whatever became of it on the way, it ran once, this is its end, and nothing stays of it.
    async fn holds(&self, proctord: &Proctord, id: u64, end: (&str, i64, &str), point: &str) {
        let (status, code, log) = end;
        let ended = wait_for_status(proctord, id, status).await;
        assert_eq!(ended["exit_code"], code, "{point}: {ended}");
        let logs = proctord.proctor(&["logs", &id.to_string()]).run();
        assert_eq!(logs.text(), log, "{point}: {logs:?}");
        assert!(!logs.stderr.contains("not complete"), "{point}: {logs:?}");
        self.holds_one_run(&ended, id, point).await;
    }

    /// A Pod that was asked to end may be gone before the next proctord looks: then nobody knows its exit code any
    /// more, and the log says that it is not complete.
    async fn holds_stopped(&self, proctord: &Proctord, id: u64, point: &str) {
        let ended = wait_for_status(proctord, id, "STOPPED").await;
        let logs = proctord.proctor(&["logs", &id.to_string()]).run();
        assert!(logs.text().starts_with("ready\n"), "{point}: {logs:?}");
        let is_whole = logs.text() == "ready\ntold\n";
        let told = logs.stderr.contains("not complete");
        assert!(is_whole || told, "{point}: {logs:?}");
        let code = &ended["exit_code"];
        assert!(*code == 9 || (code.is_null() && told), "{point}: {ended}");
        self.holds_one_run(&ended, id, point).await;
    }

    async fn holds_one_run(&self, ended: &Value, id: u64, point: &str) {
        let name = ended["name"].as_str().unwrap();
        let ledger = self.double.ledger();
        let jobs = ledger.jobs.iter().filter(|job| job.name == name).count();
        let runs = ledger.runs_of(&id.to_string()).count();
        assert_eq!((jobs, runs), (1, 1), "{point}: {ledger:?}");
        wait_for_async(
            &format!("{point}: nothing of {name} to be left"),
            async || {
                let left =
                    ["jobs", "secrets"].map(|kind| self.double.object(kind, NAMESPACE, name));
                if left.iter().all(Option::is_none) {
                    Ok(())
                } else {
                    Err(left)
                }
            },
        )
        .await;
    }
}

async fn crash_around_a_run(points: &[&str]) {
    let mut scene = Scene::new().await;
    for point in points {
        let mut crashing = scene.crashing_at(point);
        wait_until_ready(&crashing).await;
        // The service may die under this request.
        let _ = crashing.proctor(&["execute", "--detach", "once"]).run();
        assert!(!crashing.wait().success(), "{point} was not reached");

        let proctord = scene.proctord().start();
        wait_until_ready(&proctord).await;
        let id = scene.new_execution(&proctord).await;
        let end = ("FAILED", 5, "token ***\ndone\n");
        scene.holds(&proctord, id, end, point).await;
        assert!(proctord.stop().success());
    }
}

async fn crash_around_a_stop(points: &[&str]) {
    let mut scene = Scene::new().await;
    for point in points {
        let mut crashing = scene.crashing_at(point);
        wait_until_ready(&crashing).await;
        let _ = crashing
            .proctor(&["execute", "--detach", "stoppable"])
            .succeed();
        let id = scene.new_execution(&crashing).await;
        wait_for_async("it to say that it is ready", async || {
            let log = get(&crashing, &format!("/execution/{id}/logs")).await;
            if log.body == "ready\n" {
                Ok(())
            } else {
                Err(log)
            }
        })
        .await;
        // The service may die under this request.
        let _ = crashing.proctor(&["stop", &id.to_string()]).run();
        assert!(!crashing.wait().success(), "{point} was not reached");

        let proctord = scene.proctord().start();
        wait_until_ready(&proctord).await;
        scene.holds_stopped(&proctord, id, point).await;
        assert!(proctord.stop().success());
    }
}

#[tokio::test]
async fn crashes_around_the_launch_of_a_job_leave_one_run() {
    crash_around_a_run(&[
        "accept.stored",
        "kubernetes.created",
        "kubernetes.secret",
        "launch.prepared",
        "launch.created",
        "kubernetes.resumed",
        "launch.started",
    ])
    .await;
}

#[tokio::test]
async fn crashes_around_the_finish_of_a_job_leave_one_run() {
    crash_around_a_run(&[
        "log.read",
        "log.stored",
        "finish.stored",
        "finish.admitted",
        "finish.pumped",
        "finish.closed",
        "sweep.found",
        "kubernetes.discarded",
        "sweep.discarded",
    ])
    .await;
}

#[tokio::test]
async fn crashes_around_the_stop_of_a_job_leave_one_run_and_its_last_words() {
    crash_around_a_stop(&["stop.stored", "kubernetes.stopping", "kubernetes.stopped"]).await;
}
