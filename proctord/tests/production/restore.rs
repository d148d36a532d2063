//! A database that is put back to a backup, while what ran since then has run: nothing is started a second time unless
//! a person says so.

use std::path::PathBuf;
use std::process::Command;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder, wait_for_async};
use serde_json::{Value, json};

use crate::site::{Site, execute, get, publish, wait_for_status, wait_until_ready};

const NAMESPACE: &str = "procs";

struct Scene {
    site: Site,
    double: Kubernetes,
}

impl Scene {
    async fn new() -> Self {
        let scene = Self {
            site: Site::new(),
            double: Kubernetes::start(),
        };
        scene.site.migrate();
        let proctord = scene.ready(&scene.proctord()).await;
        let line = format!(
            "echo \"$NUMBER\" >> {}; while [ ! -e {} ]; do sleep 0.05; done",
            scene.site.ledger.path().display(),
            scene.gate().display()
        );
        let image = json!({"image_name": "busybox:1.36"});
        publish(&proctord, "gated", &line, image.clone()).await;
        let mut limited = image;
        limited["max_concurrent"] = json!(1);
        publish(&proctord, "limited", &line, limited).await;
        assert!(proctord.stop().success());
        scene
    }

    fn gate(&self) -> PathBuf {
        self.site.folder.path().join("gate")
    }

    fn proctord(&self) -> ProctordBuilder {
        let kubeconfig = self.double.kubeconfig(NAMESPACE);
        self.site
            .proctord()
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_LEASE_LIFETIME", "1s")
    }

    async fn ready(&self, builder: &ProctordBuilder) -> Proctord {
        let proctord = builder.start();
        wait_until_ready(&proctord).await;
        proctord
    }

    /// Two that run, two that wait for a slot, two that the cluster has never heard of.
    async fn of_each_kind(&self) -> Vec<u64> {
        let proctord = self.ready(&self.proctord()).await;
        let mut ids = Vec::new();
        for (number, name) in (1..).zip(["gated", "limited", "limited", "limited"]) {
            ids.push(run(&proctord, name, number).await);
        }
        for id in &ids[..2] {
            wait_for_status(&proctord, *id, "RUNNING").await;
        }
        assert!(proctord.stop().success());
        self.double.fail(100_000);
        let proctord = self.ready(&self.proctord()).await;
        for number in 5..=6 {
            ids.push(run(&proctord, "gated", number).await);
        }
        for (id, status) in ids[2..]
            .iter()
            .zip(["QUEUED", "QUEUED", "RECEIVED", "RECEIVED"])
        {
            wait_for_status(&proctord, *id, status).await;
        }
        proctord.kill();
        self.double.calm();
        ids
    }

    fn back_up(&self) {
        let mut dump = Command::new("pg_dump");
        dump.args(["--schema=proctor", "--file"]).arg(self.dump());
        run_to_success(dump.arg(self.site.postgres.url()));
    }

    fn put_back(&self) {
        let _ = self.site.psql("DROP SCHEMA proctor CASCADE");
        let mut restore = Command::new("psql");
        restore.args([
            "--no-psqlrc",
            "--quiet",
            "--set",
            "ON_ERROR_STOP=1",
            "--file",
        ]);
        run_to_success(restore.arg(self.dump()).arg(self.site.postgres.url()));
    }

    fn dump(&self) -> PathBuf {
        self.site.folder.path().join("backup.sql")
    }

    /// Sweeps a Job as the end of its time does.
    async fn sweep(&self, name: &str) {
        let url = self.double.url();
        let job = format!(
            "{url}/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{name}?propagationPolicy=Background"
        );
        let answer = reqwest::Client::new().delete(job).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        wait_for_async("the Job to be gone", async || {
            self.double
                .object("jobs", NAMESPACE, name)
                .map_or(Ok(()), Err)
        })
        .await;
    }

    fn recover(&self, words: &[&str]) -> String {
        let mut all = vec!["recover"];
        all.extend_from_slice(words);
        let ran = self.proctord().run(&all);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.text()
    }

    fn survey(&self) -> Value {
        serde_json::from_str(&self.recover(&["-o", "json"])).unwrap()
    }

    /// How often each has run.
    fn runs(&self) -> Vec<usize> {
        self.site.ledger.counts().into_values().collect()
    }
}

fn run_to_success(command: &mut Command) {
    let ran = command.output().expect("it can be run");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}: {said}");
}

async fn run(proctord: &Proctord, name: &str, number: u32) -> u64 {
    let args = json!({"NUMBER": number.to_string()});
    execute(proctord, &json!({"name": name, "args": args})).await
}

async fn show(proctord: &Proctord, id: u64) -> Value {
    let answer = get(proctord, &format!("/execution/{id}")).await;
    serde_json::from_str(&answer.body).unwrap()
}

/// What is in the backup runs and ends, some Jobs of it are swept, and the backup is put back. Returns the ids, and the
/// name of a run that the backup does not know, if there is to be one.
async fn restored(scene: &Scene, with_stranger: bool) -> (Vec<u64>, Option<String>) {
    let ids = scene.of_each_kind().await;
    scene.back_up();
    std::fs::write(scene.gate(), "").unwrap();
    let proctord = scene.ready(&scene.proctord()).await;
    let mut names = Vec::new();
    for id in &ids {
        let ended = wait_for_status(&proctord, *id, "SUCCEEDED").await;
        names.push(ended["name"].as_str().unwrap().to_owned());
    }
    let mut stranger = None;
    if with_stranger {
        let id = run(&proctord, "gated", 7).await;
        let ended = wait_for_status(&proctord, id, "SUCCEEDED").await;
        stranger = Some(ended["name"].as_str().unwrap().to_owned());
    }
    assert!(proctord.stop().success());
    for name in &names[3..] {
        scene.sweep(name).await;
    }
    scene.put_back();
    (ids, stranger)
}

/// Whatever had a hold begin: what is gone is held, what is there is followed, and a person decides.
async fn holds(scene: &Scene, builder: &ProctordBuilder, ids: &[u64], stranger: Option<&str>) {
    let before = scene.runs();
    let proctord = scene.ready(builder).await;

    for id in &ids[..3] {
        let ended = wait_for_status(&proctord, *id, "SUCCEEDED").await;
        assert_eq!(ended["exit_code"], 0, "{ended}");
    }
    let new = run(&proctord, "gated", 8).await;
    wait_for_status(&proctord, new, "SUCCEEDED").await;
    for (id, status) in ids[3..].iter().zip(["QUEUED", "RECEIVED", "RECEIVED"]) {
        let held = show(&proctord, *id).await;
        assert_eq!(held["status"], status, "{held}");
        let waiting = held["waiting"].as_str().unwrap_or_default();
        assert!(waiting.contains("proctord recover"), "{held}");
    }
    assert_eq!(scene.runs()[..before.len()], before, "one ran twice");
    let told = get(&proctord, "/readyz").await;
    assert!(told.body.contains("3 executions are held"), "{told:?}");
    let metrics = get(&proctord, "/metrics").await.body;
    assert!(metrics.contains("proctor_executions_held 3"), "{metrics}");
    shows_all(scene, &ids[3..], stranger);

    let (queued, received, unwanted) = (ids[3], ids[4], ids[5]);
    let released = [queued.to_string(), received.to_string()];
    let done = scene.recover(&["--release", &released[0], &released[1], "--fail", "--all"]);

    assert!(done.contains("no hold is in force"), "{done}");
    for id in [queued, received] {
        wait_for_status(&proctord, id, "SUCCEEDED").await;
    }
    let failed = show(&proctord, unwanted).await;
    assert_eq!(failed["status"], "CREATION_FAILED", "{failed}");
    let reason = failed["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("not started again after a restore, as "),
        "{failed}"
    );
    let logs = proctord.proctor(&["logs", &unwanted.to_string()]).run();
    assert_eq!(logs.text(), "", "{logs:?}");
    let audit = "SELECT count(*) FROM proctor.audit WHERE source = 'proctord recover'";
    assert_eq!(scene.site.psql(audit), "3");
    let runs = scene.site.ledger.counts();
    let expected = [("4", 2), ("5", 2), ("6", 1)];
    for (number, count) in expected {
        assert_eq!(runs[number], count, "{runs:?}");
    }
    assert!(proctord.stop().success());

    let restarted = scene.ready(builder).await;
    let told = get(&restarted, "/readyz").await;
    assert_eq!(told.body, "ready", "a restart holds nothing again");
    assert_eq!(scene.survey()["hold"], Value::Null);
    assert_eq!(scene.site.ledger.counts(), runs);
}

fn shows_all(scene: &Scene, held: &[u64], stranger: Option<&str>) {
    let survey = scene.survey();
    let executions = survey["executions"].as_array().unwrap();
    let ids: Vec<_> = executions.iter().map(|one| one["id"].as_u64()).collect();
    let known = executions.iter().all(|one| one["known"] == "nothing");
    assert_eq!(ids, held.iter().copied().map(Some).collect::<Vec<_>>());
    assert!(known, "{survey}");
    let strangers = survey["strangers"].as_array().unwrap();
    let names: Vec<_> = strangers
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, stranger.into_iter().collect::<Vec<_>>());
    let text = scene.recover(&[]);
    for id in held {
        assert!(text.contains(&id.to_string()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_told_starts_nothing_twice() {
    let scene = Scene::new().await;
    let (ids, _) = restored(&scene, false).await;

    let builder = scene.proctord().env("PROCTOR_HOLD", "true");
    holds(&scene, &builder, &ids, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_noticed_starts_nothing_twice() {
    let scene = Scene::new().await;
    let (ids, stranger) = restored(&scene, true).await;

    holds(&scene, &scene.proctord(), &ids, stranger.as_deref()).await;
}

/// What is noticed late is late for nobody: before the cluster has told what it has, nothing is launched.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_at_the_start_is_asked_before_anything_is_launched() {
    let scene = Scene::new().await;
    let (ids, stranger) = restored(&scene, true).await;
    let before = scene.runs();
    scene.double.fail(100_000);
    let proctord = scene.ready(&scene.proctord()).await;
    scene.double.calm();

    wait_for_async("the hold to be told", async || {
        let told = get(&proctord, "/readyz").await;
        if told.body.contains("are held since a restore") {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;

    wait_for_status(&proctord, ids[0], "SUCCEEDED").await;
    assert_eq!(scene.runs(), before);
    let survey = scene.survey();
    assert_eq!(
        survey["strangers"][0]["name"],
        stranger.unwrap(),
        "{survey}"
    );
}

/// One that was put in place and never let run waits as well, and runs once when it is released.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_ran_runs_once_when_it_is_released() {
    let scene = Scene::new().await;
    std::fs::write(scene.gate(), "").unwrap();
    let points = scene
        .proctord()
        .env("PROCTOR_FAIL_POINTS", "launch.created=crash");
    let mut crashing = scene.ready(&points).await;
    let _ = crashing
        .proctor(&["execute", "--detach", "gated", "NUMBER=1"])
        .run();
    assert!(!crashing.wait().success(), "launch.created was not reached");
    let proctord = scene
        .ready(&scene.proctord().env("PROCTOR_HOLD", "true"))
        .await;

    let survey = scene.survey();
    let id = survey["executions"][0]["id"].as_u64().unwrap();
    let held = show(&proctord, id).await;
    let runs_held = scene.runs();
    let _ = scene.recover(&["--release", "--all"]);
    wait_for_status(&proctord, id, "SUCCEEDED").await;

    assert_eq!(survey["executions"][0]["known"], "prepared", "{survey}");
    assert_eq!(held["status"], "CREATED", "{held}");
    assert!(runs_held.is_empty(), "{runs_held:?}");
    assert_eq!(scene.runs(), [1]);
}
