//! A Kubernetes double: a server over plain HTTP that answers as a real API server was recorded to answer. It is
//! for tests and never ships.
//!
//! Modelled: Jobs, Pods, Secrets and core Events in any namespace, with uid, revision and generation; create, get,
//! list with label and field selectors, at a revision, and in pages that are one snapshot, replace, patch, delete
//! with preconditions, grace and propagation, collection of what has lost its owner; watches with bookmarks, initial
//! events and a history that ends, closed when they lag too far behind; dry runs, access reviews, discovery. Jobs
//! make Pods, one at a time and with retries, deadlines, suspension and expiry. Every Pod is bound to the one node.
//! Its kubelet runs the command of the only container as a process of this machine; or, for many Pods, runs nothing
//! and takes each through the course that the test's script gives it, with OOM kills and evictions. A Pod's log can
//! be read and followed. Time is this machine's or the test's. Faults come when a test says so.
//!
//! Not modelled: any other kind (namespaces are just words), TLS and tokens, admission webhooks, quotas, field
//! ownership and lists merged by key (apply and strategic merge replace lists whole), OpenAPI documents, Tables,
//! rotation of logs, more than one container, volumes, limits that a process feels, a Pod that cannot be scheduled,
//! indexed Jobs, Pod failure policies, restarts in place, the back-off after a failed pull, exec and attach. The
//! scripted kubelet looks at no image, no Secret and no command.

mod access;
mod admission;
mod agenda;
mod audience;
mod clock;
mod cluster;
mod controllers;
mod deletion;
mod discovery;
mod events;
mod faults;
mod flow;
mod history;
mod http;
mod index;
mod jobs;
mod kind;
mod kubelet;
mod list;
mod log;
mod logs;
mod objects;
mod patch;
mod pods;
mod refusal;
mod request;
mod scripted;
mod selector;
mod server;
mod state;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web::Data;
use serde_json::{Value, json};
use tempfile::TempDir;

use access::Ban;
use cluster::Cluster;
use controllers::Controllers;
use refusal::Refusal;
use server::Server;

pub use clock::Clock;
pub use scripted::{Course, Script, ScriptedPod};

/// How many changes of each kind are remembered for watches, unless a test says otherwise.
const HISTORY_LENGTH: usize = 10_000;

/// As a real API server reminds a quiet watch of the revision.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// As a real Job controller waits.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// As recorded: a second until the kubelet tells that a Pod is over, another until the Job controller has counted it.
const END_DELAY: Duration = Duration::from_secs(2);

/// A double that runs; dropped, it ends.
#[derive(Debug)]
pub struct Kubernetes {
    cluster: Data<Cluster>,
    server: Server,
    _controllers: Controllers,
    folder: TempDir,
}

/// How a double is to be.
#[derive(Debug)]
pub struct KubernetesBuilder {
    settings: Settings,
}

#[derive(Debug)]
struct Settings {
    history_length: usize,
    retry_delay: Duration,
    images: Option<PathBuf>,
    clock: Clock,
    script: Option<Script>,
    end_delay: Duration,
    bookmark_interval: Duration,
    longest_lag: usize,
}

impl KubernetesBuilder {
    /// How many changes of its kind a watch can lag behind before it is told that they are gone.
    #[must_use]
    pub fn history_length(mut self, changes: usize) -> Self {
        self.settings.history_length = changes;
        self
    }

    /// How long a Job waits before its second Pod; before each further one twice as long.
    #[must_use]
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.settings.retry_delay = delay;
        self
    }

    /// The folder of the images: `registry.example/x/NAME:tag` is its folder NAME.
    #[must_use]
    pub fn images(mut self, folder: &Path) -> Self {
        self.settings.images = Some(folder.to_owned());
        self
    }

    /// Whose time its time stamps, deadlines, retries and expiries go by.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Runs nothing: each Pod takes the course that the script gives it.
    #[must_use]
    pub fn scripted(mut self, script: Script) -> Self {
        self.settings.script = Some(script);
        self
    }

    /// How long after its container's end a scripted Pod is over and its Job comes to its condition. Of the two
    /// seconds that were recorded a real Job controller takes one; here the kubelet takes both.
    #[must_use]
    pub fn end_delay(mut self, delay: Duration) -> Self {
        self.settings.end_delay = delay;
        self
    }

    /// How often a watch is told the revision that it has come to.
    #[must_use]
    pub fn bookmark_interval(mut self, interval: Duration) -> Self {
        self.settings.bookmark_interval = interval;
        self
    }

    /// How many changes a watch can lag behind before it is closed without a word; none is unless a test says so.
    #[must_use]
    pub fn longest_lag(mut self, changes: usize) -> Self {
        self.settings.longest_lag = changes;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// It cannot be started, which names the reason.
    #[must_use]
    pub fn start(self) -> Kubernetes {
        let cluster = Data::new(Cluster::new(self.settings));
        Kubernetes {
            server: Server::start(cluster.clone()),
            _controllers: Controllers::start(cluster.clone().into_inner()),
            cluster,
            folder: TempDir::new().expect("a folder for the kubeconfig can be made"),
        }
    }
}

impl Kubernetes {
    /// A double as most tests need it.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    #[must_use]
    pub fn builder() -> KubernetesBuilder {
        KubernetesBuilder {
            settings: Settings {
                history_length: HISTORY_LENGTH,
                retry_delay: RETRY_DELAY,
                images: None,
                clock: Clock::Real,
                script: None,
                end_delay: END_DELAY,
                bookmark_interval: BOOKMARK_INTERVAL,
                longest_lag: usize::MAX,
            },
        }
    }

    /// Where it answers, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// A kubeconfig that leads to it, with `namespace` as the default one.
    ///
    /// # Panics
    /// The file cannot be written.
    #[must_use]
    pub fn kubeconfig(&self, namespace: &str) -> PathBuf {
        let path = self.folder.path().join(format!("kubeconfig-{namespace}"));
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "double",
            "clusters": [{"name": "double", "cluster": {"server": self.url()}}],
            "users": [{"name": "tester", "user": {"token": "of-no-account"}}],
            "contexts": [{"name": "double", "context": {
                "cluster": "double", "user": "tester", "namespace": namespace,
            }}],
        });
        fs::write(&path, config.to_string()).expect("the kubeconfig can be written");
        path
    }

    /// Forgets the history: a watch from an older revision is told 410, and so is a list that goes on.
    pub fn compact(&self) {
        self.cluster.state().compact();
    }

    /// The next requests, whatever they ask, are 429 with a second to wait.
    pub fn throttle(&self, requests: usize) {
        let refusal = Refusal::too_many_requests(1);
        self.cluster.faults.refuse(requests, &refusal);
    }

    /// The next requests, whatever they ask, are 500.
    pub fn fail(&self, requests: usize) {
        let refusal = Refusal::internal("the double was told to fail");
        self.cluster.faults.refuse(requests, &refusal);
    }

    /// From now on every request is answered only after this time.
    pub fn delay(&self, latency: Duration) {
        self.cluster.faults.set_latency(latency);
    }

    /// Breaks every open watch and log off, as a connection that is lost.
    pub fn cut(&self) {
        self.cluster.faults.cut();
    }

    /// Ends every open log as if it were whole, although its container runs on: so does a kubelet that restarts.
    pub fn end_logs(&self) {
        self.cluster.faults.end_logs();
    }

    /// From now on nobody may do this: a verb and a resource, as `get` and `pods/log`.
    pub fn forbid(&self, verb: &str, resource: &str) {
        self.cluster.ban(Ban {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
        });
    }

    /// An object as it is stored now; `plural` as in paths.
    #[must_use]
    pub fn object(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        let kind = kind::Kind::ALL
            .into_iter()
            .find(|kind| kind.plural() == plural)?;
        let key = state::Key::new(kind, namespace, name);
        self.cluster
            .state()
            .get(&key)
            .map(|found| Value::clone(found))
    }
}
