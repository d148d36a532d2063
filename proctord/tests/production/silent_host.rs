//! A host of the local runner that is silent for too long: what it runs is told to be LOST by another replica, its slots
//! are free, and if it comes back it stops what still runs of that.

use std::fs;
use std::path::{Path, PathBuf};

use proctor_testkit::{Proctord, wait_for_async};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::site::{Site, execute, get, publish, request, send, wait_for_status, wait_until_ready};

/// Writes its pid and runs until it is stopped, unless it is told to be brief.
fn line(pid_file: &Path) -> String {
    let pid_file = pid_file.display();
    format!(
        "if [ \"$KIND\" = brief ]; then echo brief; exit 0; fi
         echo begun; echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}
         while :; do sleep 0.05; done"
    )
}

struct Scene {
    // They go before the folder that they are in.
    first: Proctord,
    second: Proctord,
    site: Site,
    pid_file: PathBuf,
    /// What runs on the first host.
    running: u64,
    /// What waits there for its slot.
    waiting: u64,
}

impl Scene {
    async fn new() -> Self {
        let site = Site::new();
        site.migrate();
        let [first, second] = ["first", "second"].map(|name| replica(&site, name));
        for proctord in [&first, &second] {
            wait_until_ready(proctord).await;
        }
        let pid_file = site.folder.path().join("pid");
        let fields = json!({"max_concurrent": 1, "env_vars": {"args": [{"name": "KIND"}]}});
        publish(&first, "single", &line(&pid_file), fields).await;
        let running = execute(&first, &single("endless")).await;
        let waiting = execute(&first, &single("brief")).await;
        wait_for_status(&first, running, "RUNNING").await;
        wait_for_async("it to have begun", async || {
            let log = get(&second, &format!("/execution/{running}/logs")).await;
            if log.body == "begun\n" && pid_file.exists() {
                Ok(())
            } else {
                Err(log)
            }
        })
        .await;
        Self {
            site,
            first,
            second,
            pid_file,
            running,
            waiting,
        }
    }

    /// Both are LOST, with a reason that names the host, and what the second one runs has its slot.
    async fn holds_lost(&self) -> String {
        let host = fs::read_to_string(self.site.folder.path().join("first/host")).unwrap();
        for id in [self.running, self.waiting] {
            let lost = wait_for_status(&self.second, id, "LOST").await;
            let reason = lost["reason"].as_str().unwrap();
            let words = format!("its host {} has been silent since 20", host.trim());
            assert!(reason.starts_with(&words), "{reason}");
        }
        let elsewhere = execute(&self.second, &single("brief")).await;
        wait_for_status(&self.second, elsewhere, "SUCCEEDED").await;
        self.stored()
    }

    fn stored(&self) -> String {
        let (running, waiting) = (self.running, self.waiting);
        self.site.psql(&format!(
            "SELECT to_jsonb(execution) FROM proctor.execution WHERE id IN ({running}, {waiting}) ORDER BY id"
        ))
    }

    async fn log_end(&self) -> Value {
        let path = format!("/execution/{}/logs", self.running);
        wait_for_async("the log to be closed", async || {
            let asked = request(&self.second, reqwest::Method::GET, &path);
            let answer = send(asked.header("Accept", "application/x-ndjson")).await;
            let last = answer.body.lines().last().unwrap_or_default();
            let event: Value = serde_json::from_str(last).unwrap_or_default();
            if event["event"] == "end" {
                Ok(event)
            } else {
                Err(answer)
            }
        })
        .await
    }

    fn still_runs(&self) -> bool {
        let pid = fs::read_to_string(&self.pid_file).unwrap();
        Path::new("/proc").join(pid.trim()).exists()
    }
}

fn single(kind: &str) -> Value {
    json!({"name": "single", "args": {"KIND": kind}})
}

fn replica(site: &Site, name: &str) -> Proctord {
    site.proctord_beside(name)
        .env("PROCTOR_LEASE_LIFETIME", "1s")
        .env("PROCTOR_LOCAL_HOST_PATIENCE", "2s")
        .start()
}

#[tokio::test]
async fn what_a_host_runs_that_is_dead_is_lost_and_its_slots_are_free() {
    let scene = Scene::new().await;

    scene.first.signal(Signal::KILL);

    scene.holds_lost().await;
    let end = scene.log_end().await;
    assert_eq!(
        (&end["status"], &end["log_complete"]),
        (&json!("LOST"), &json!(false))
    );
    let log = get(&scene.second, &format!("/execution/{}/logs", scene.running)).await;
    assert_eq!(log.body, "begun\n");
}

#[tokio::test]
async fn a_host_that_comes_back_stops_what_was_told_to_be_lost_and_changes_nothing() {
    let scene = Scene::new().await;

    scene.first.signal(Signal::STOP);
    let stored = scene.holds_lost().await;
    scene.log_end().await;
    assert!(scene.still_runs());
    scene.first.signal(Signal::CONT);

    wait_for_async("what still runs to be stopped", async || {
        if scene.still_runs() {
            Err("it runs")
        } else {
            Ok(())
        }
    })
    .await;
    let again = execute(&scene.first, &single("brief")).await;
    wait_for_status(&scene.first, again, "SUCCEEDED").await;
    let now: Vec<Value> = jsons(&scene.stored());
    for (then, now) in jsons(&stored).iter().zip(&now) {
        for column in [
            "status",
            "reason",
            "fence",
            "owner",
            "finished_at",
            "log_open",
        ] {
            assert_eq!(then[column], now[column], "{column}");
        }
    }
}

fn jsons(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
