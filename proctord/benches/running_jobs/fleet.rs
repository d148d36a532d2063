//! Many executions on a double of a cluster: brought to RUNNING through HTTP, held there while all of their Pods
//! change, and ended. It counts what that takes; whether that is too much the report says.

mod process;
mod report;
mod rows;
mod stretch;
mod yardstick;

use std::time::Duration;

use futures::{StreamExt, stream};
use proctor_testkit::kubernetes::{Course, Gate, Kubernetes, Script, ScriptedPod};
use proctor_testkit::{Proctord, postgres, redis, wait_for_async};
use serde_json::{Value, json};

use process::Usage;
use report::{Memory, Report};
use rows::Rows;
use stretch::{Stretch, Watch};

const NAMESPACE: &str = "procs";
const PROC: &str = "pretender";

/// How many requests the clients have under way at a time.
const PARALLEL: usize = 32;

/// What each container prints: before it is held, and after it.
const FIRST_WORDS: &str = "begun\n";
const LAST_WORDS: &str = "ended\n";

/// How often each Pod changes while all run.
const CHANGES: usize = 5;

/// Let go together, containers end one after the other, about so long apart: no cluster ends all at once.
const BETWEEN_ENDS: Duration = Duration::from_millis(4);

/// A proctord with all that it needs, and those who use it.
struct Fleet {
    jobs: usize,
    proctord: Proctord,
    double: Kubernetes,
    gate: Gate,
    rows: Rows,
    http: reqwest::Client,
    _redis: redis::Server,
    _postgres: postgres::Server,
    _folder: tempfile::TempDir,
}

/// Has so many executions run, with this Postgres.
pub async fn measure(jobs: usize, postgres: postgres::Server) -> Report {
    let fleet = Fleet::start(jobs, postgres).await;
    let idle = fleet.usage();
    let launch = fleet.launch().await;
    let bare_per_second = yardstick::creates_and_patches(&fleet.double, &fleet.http, jobs).await;
    let (hold, events) = fleet.hold().await;
    let running = fleet.usage();
    let watches = ["jobs", "pods"].map(|plural| fleet.double.watches(plural));
    let end = fleet.end().await;
    let ledger = fleet.double.ledger();
    Report {
        jobs,
        watches,
        launch,
        hold,
        events,
        end,
        bare_per_second,
        memory: Memory {
            idle: idle.memory_bytes,
            running: running.memory_bytes,
            ended: fleet.usage().memory_bytes,
            of_the_double: Usage::of(std::process::id()).memory_bytes,
        },
        until_running: fleet.rows.until_running().await,
        until_told: fleet.rows.until_told(&ledger).await,
        outcomes: fleet.rows.outcomes().await,
        whole_logs: fleet
            .rows
            .logs_of(FIRST_WORDS.len() + LAST_WORDS.len())
            .await,
        ran_once: fleet.rows.ran_once(&ledger).await,
    }
}

impl Fleet {
    async fn start(jobs: usize, postgres: postgres::Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let redis = redis::Server::start();
        let gate = Gate::default();
        let double = double(jobs, &gate);
        let kubeconfig = double.kubeconfig(NAMESPACE);
        let builder = Proctord::production_at(&folder.path().join("data"))
            .env("PROCTOR_DATABASE_URL", &postgres.url())
            .env("PROCTOR_REDIS_ADDRESS", &redis.address())
            .env("PROCTOR_REDIS_PASSWORD", redis.password().unwrap())
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap());
        let migrated = builder.run(&["migrate"]);
        assert_eq!(migrated.code, Some(0), "{migrated:?}");
        let fleet = Self {
            jobs,
            proctord: builder.start(),
            double,
            gate,
            rows: Rows::open(&postgres.url()).await,
            http: reqwest::Client::new(),
            _redis: redis,
            _postgres: postgres,
            _folder: folder,
        };
        fleet.publish().await;
        fleet
    }

    /// Waits until proctord and its watches are there, and publishes the proc.
    async fn publish(&self) {
        wait_for_async("proctord to watch and to be ready", async || {
            let ready = self.http.get(self.url("/readyz")).send().await.unwrap();
            let watches = (self.double.watches("jobs"), self.double.watches("pods"));
            let is_ready = ready.status() == 200 && watches == (1, 1);
            is_ready.then_some(()).ok_or((ready.status(), watches))
        })
        .await;
        let document =
            json!([{"name": PROC, "image_name": "busybox:1.36", "command": ["pretend"]}]);
        let published = self.send("/metadata", &document).await;
        assert!(published.is_array() || published.is_object(), "{published}");
    }

    /// Executes the proc as often as is wished, and waits until it is stored that all run.
    async fn launch(&self) -> Stretch {
        let watch = Watch::start(&self.double, self.proctord.pid());
        let execute = |_| async { self.send("/execution", &json!({"name": PROC})).await };
        let accepted = stream::iter(0..self.jobs).map(execute);
        let accepted = accepted.buffer_unordered(PARALLEL).count().await;
        assert_eq!(accepted, self.jobs);
        self.rows.wait_for_status("RUNNING", self.jobs).await;
        self.wait_for_logs().await;
        watch.stop()
    }

    /// Until all that was printed is stored.
    async fn wait_for_logs(&self) {
        let length = FIRST_WORDS.len();
        let count = async || self.rows.logs_of(length).await;
        rows::wait_for(&format!("logs of {length} bytes"), self.jobs, count).await;
    }

    /// Has the status of every Pod change while all run: each is an event that proctord is told.
    async fn hold(&self) -> (Stretch, usize) {
        let watch = Watch::start(&self.double, self.proctord.pid());
        let ledger = self.double.ledger();
        let pods = ledger
            .containers
            .iter()
            .filter(|run| run.execution_id.is_some());
        let change = |(name, number): (String, usize)| async move {
            let url = self.double.url();
            let path = format!("{url}/api/v1/namespaces/{NAMESPACE}/pods/{name}/status");
            let body = json!({"status": {"message": format!("its node says {number}")}});
            yardstick::patch(&self.http, &path, &body).await;
        };
        let names: Vec<_> = pods.map(|run| run.pod_name.clone()).collect();
        let rounds =
            (0..CHANGES).flat_map(|round| names.iter().map(move |name| (name.clone(), round)));
        let changes = stream::iter(rounds.map(change));
        let changed = changes.buffer_unordered(PARALLEL).count().await;
        assert_eq!(changed, self.jobs * CHANGES);
        self.double.settle();
        let mut held = watch.stop();
        // Those were not proctord's.
        let events = held.requests.remove("patch pods/status");
        (held, events.unwrap_or_default())
    }

    /// Lets the containers end, and waits until all logs are closed.
    async fn end(&self) -> Stretch {
        let watch = Watch::start(&self.double, self.proctord.pid());
        self.double.open(&self.gate);
        let closed = async || self.rows.closed().await;
        rows::wait_for("closed logs", self.jobs, closed).await;
        watch.stop()
    }

    fn usage(&self) -> Usage {
        Usage::of(self.proctord.pid())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.proctord.address())
    }

    /// What was answered to a POST that made something.
    async fn send(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(self.url(path)).json(body);
        let response = request.header("Accept", "application/json").send().await;
        let response = response.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 201, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// A cluster whose containers print, wait for the gate, print again and succeed.
fn double(jobs: usize, gate: &Gate) -> Kubernetes {
    let gate = gate.clone();
    let ends_within = BETWEEN_ENDS * u32::try_from(jobs).unwrap_or(u32::MAX);
    let course = move |pod: ScriptedPod<'_>| {
        Course::exits(0)
            .prints(FIRST_WORDS)
            .runs_until(&gate)
            .runs(ends_within.mul_f64(share(pod.object)))
            .prints(LAST_WORDS)
    };
    Kubernetes::builder().scripted(Script::new(course)).start()
}

/// A number below one that follows from the Pod's uid.
fn share(pod: &Value) -> f64 {
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let digits = u32::from_str_radix(uid.get(..4).unwrap_or_default(), 16);
    f64::from(digits.unwrap_or_default()) / f64::from(0x1_0000)
}
