//! Three replicas on one Postgres, one Redis and one cluster: whichever of them somebody reaches, the log of any
//! execution is followed there, to its end, whatever becomes of the one that writes it.

mod sleep;
mod socket;

use std::io::Read;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{CommandLine, Proctord, Ran, wait_for};
use serde_json::{Value, json};

use crate::balancer::Balancer;
use crate::site::{Site, execute, get, publish, wait_for_status, wait_until_ready};
use socket::{Followed, follow};

const NAMESPACE: &str = "procs";
/// Numbered lines, each with the moment when it was written.
const LINES: usize = 120;
const NUMBERED: &str =
    "i=0; while [ $i -lt 120 ]; do echo \"$i $(date +%s%N)\"; i=$((i+1)); sleep 0.03; done; exit 5";
const STOPPABLE: &str = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done";

/// What the replicas share.
struct Scene {
    site: Site,
    double: Kubernetes,
}

impl Scene {
    async fn new() -> (Self, [Proctord; 3]) {
        let scene = Self {
            site: Site::new(),
            double: Kubernetes::start(),
        };
        scene.site.migrate();
        let replicas = ["first", "second", "third"].map(|name| scene.replica(name));
        for replica in &replicas {
            wait_until_ready(replica).await;
        }
        (scene, replicas)
    }

    fn replica(&self, name: &str) -> Proctord {
        let kubeconfig = self.double.kubeconfig(NAMESPACE);
        Proctord::production_at(&self.site.folder.path().join(name))
            .env("PROCTOR_DATABASE_URL", &self.site.postgres.url())
            .env("PROCTOR_REDIS_ADDRESS", &self.site.redis.address())
            .env(
                "PROCTOR_REDIS_PASSWORD",
                self.site.redis.password().unwrap(),
            )
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_LEASE_LIFETIME", "2s")
            .start()
    }
}

async fn publish_image(proctord: &Proctord, name: &str, line: &str) {
    publish(proctord, name, line, json!({"image_name": "busybox:1.36"})).await;
}

/// How many queries for logs that others write a replica has made.
async fn lookouts(proctord: &Proctord) -> u64 {
    let metrics = get(proctord, "/metrics").await.body;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("proctor_log_lookouts_total "));
    line.unwrap_or_else(|| panic!("it is not counted: {metrics}"))
        .parse()
        .unwrap()
}

/// Every line is there once, in order.
fn assert_numbered(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let numbers: Vec<_> = text
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let expected: Vec<_> = (0..LINES).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_on_each_replica_have_every_byte_once_and_the_end() {
    let (_scene, [first, second, third]) = Scene::new().await;
    publish_image(&first, "numbered", NUMBERED).await;
    let id = execute(&first, &json!({"name": "numbered"})).await;

    let (at_first, at_second, at_third) = tokio::join!(
        follow(first.address(), id, |_| {}),
        follow(second.address(), id, |_| {}),
        follow(third.address(), id, |_| {}),
    );

    for (name, followed) in [
        ("owner", &at_first),
        ("second", &at_second),
        ("third", &at_third),
    ] {
        let Followed { bytes, end, .. } = followed.as_ref().unwrap();
        assert_numbered(bytes);
        assert_eq!((end.exit_code, end.log_complete), (Some(5), true), "{name}");
        println!("{name}: {}", followed.as_ref().unwrap().latency());
    }
    assert_eq!(
        lookouts(&first).await,
        0,
        "it writes what is followed there"
    );
    assert!(lookouts(&second).await > 0 && lookouts(&third).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_elsewhere_go_on_when_the_owner_is_killed() {
    let (_scene, [first, second, third]) = Scene::new().await;
    publish_image(&first, "numbered", NUMBERED).await;
    let id = execute(&first, &json!({"name": "numbered"})).await;

    let owner = Mutex::new(Some(first));
    let kill_in_the_middle = |lines: usize| {
        if lines > LINES / 3
            && let Some(owner) = owner.lock().unwrap().take()
        {
            owner.kill();
        }
    };
    let (at_second, at_third) = tokio::join!(
        follow(second.address(), id, kill_in_the_middle),
        follow(third.address(), id, |_| {}),
    );

    assert!(owner.lock().unwrap().is_none(), "it was killed");
    let (at_second, at_third) = (at_second.unwrap(), at_third.unwrap());
    assert_numbered(&at_second.bytes);
    assert!(at_second.bytes == at_third.bytes);
    assert_eq!(at_second.end, at_third.end);
    assert!(at_third.end.log_complete);
    let ended = wait_for_status(&third, id, "FAILED").await;
    assert_eq!(ended["exit_code"], 5, "{ended}");
}

/// A call of `proctor` at work, with what it has written so far.
struct AtWork {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl AtWork {
    fn start(command: CommandLine) -> Self {
        let mut child = command.spawn();
        let mut stdout = child.stdout.take().unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&written);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                shared.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self {
            child,
            written,
            reader,
        }
    }

    fn wait_for(&self, text: &str) {
        wait_for(&format!("{text:?} to be written"), || {
            let written = self.written.lock().unwrap().clone();
            if written == text.as_bytes() {
                Ok(())
            } else {
                Err(String::from_utf8(written))
            }
        });
    }

    /// How it ended, all that it wrote to standard output included.
    fn end(self) -> Ran {
        let mut ran = Ran::of(self.child);
        self.reader.join().unwrap();
        ran.stdout.clone_from(&self.written.lock().unwrap());
        ran
    }
}

/// The command line knows one address, and each of its connections reaches another replica.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_balancer_executing_following_and_stopping_work() {
    let (_scene, [first, second, third]) = Scene::new().await;
    publish_image(&first, "greet", "echo hello; exit 7").await;
    publish_image(&first, "stoppable", STOPPABLE).await;
    let balancer = Balancer::before(&[&first, &second, &third]);
    let proctor = |words: &[&str]| first.proctor(words).env("PROCTOR_HOST", balancer.address());

    for _ in 0..3 {
        let greeted = proctor(&["execute", "greet"]).run();
        assert_eq!(
            (greeted.code, greeted.text().as_str()),
            (Some(7), "hello\n")
        );
    }
    let executing = AtWork::start(proctor(&["execute", "stoppable"]));
    executing.wait_for("ready\n");
    let history = proctor(&["history", "-o", "json"]).succeed();
    let history: Value = serde_json::from_str(&history).unwrap();
    let id = history[0]["id"].to_string();
    let following = AtWork::start(proctor(&["logs", &id]));
    following.wait_for("ready\n");
    balancer.cut();
    let stopped = proctor(&["stop", &id]).run();

    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    for at_work in [executing, following] {
        let ran = at_work.end();
        assert_eq!(ran.text(), "ready\ntold\n", "{ran:?}");
        assert_eq!(ran.code, Some(9), "{ran:?}");
        assert!(ran.stderr.contains("reconnecting"), "{ran:?}");
    }
    let counts = balancer.counts();
    assert!(counts.iter().all(|count| *count > 2), "{counts:?}");
}
