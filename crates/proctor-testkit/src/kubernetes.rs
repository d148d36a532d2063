//! A Kubernetes double: a server over plain HTTP that answers as a real API server was recorded to answer. It is
//! for tests and never ships.
//!
//! Modelled: Jobs, Pods, Secrets and core Events in any namespace, with uid, revision and generation; create, get,
//! list with label and field selectors and in pages, replace, patch, delete with preconditions, grace and
//! propagation, collection of what has lost its owner; watches with bookmarks, initial events and a history that
//! ends; dry runs, access reviews, discovery. Jobs make Pods, one at a time and with retries, deadlines, suspension
//! and expiry. Every Pod that fits is bound to the one node, whose kubelet runs the command of its only container as
//! a process of this machine; its log can be read and followed. What a cluster does to a run comes when a test says
//! so: eviction, a container that runs out of memory, a quota, a node that is lost, returns or is given up; and so
//! do faults of the API server. What really happened is in a ledger.
//!
//! Not modelled: any other kind (namespaces are just words), TLS, who a token belongs to, admission webhooks, field
//! ownership and lists merged by key (apply and strategic merge replace lists whole), OpenAPI documents, Tables,
//! snapshots behind the pages of a list, rotation of logs, more than one container, volumes, limits (nothing is
//! measured or held back), what Pods take of a node together, indexed Jobs, Pod failure policies, restarts in
//! place, exec and attach.

mod access;
mod admission;
mod cluster;
mod controllers;
mod deletion;
mod discovery;
mod events;
mod eviction;
mod faults;
mod http;
mod jobs;
mod kind;
mod kubelet;
mod ledger;
mod log;
mod logs;
mod nodes;
mod objects;
mod orders;
mod patch;
mod pods;
mod quota;
mod refusal;
mod request;
mod resources;
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
use resources::Resources;
use server::Server;

pub use ledger::{ContainerRun, JobCreation, Ledger};
pub use nodes::Processes;

/// How many changes are remembered for watches, unless a test says otherwise.
const HISTORY_LENGTH: usize = 10_000;

/// As a real Job controller waits.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// As recorded: a second until the kubelet tells that a Pod is over, another until the Job controller has counted it.
const END_DELAY: Duration = Duration::from_secs(2);

/// As a real kubelet waits before it pulls an image again.
const PULL_DELAY: Duration = Duration::from_secs(10);

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
    end_delay: Duration,
    pull_delay: Duration,
    node_capacity: Resources,
    streaming_lists: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            history_length: HISTORY_LENGTH,
            retry_delay: RETRY_DELAY,
            images: None,
            end_delay: END_DELAY,
            pull_delay: PULL_DELAY,
            node_capacity: Resources {
                cpu_millis: 64_000,
                memory_bytes: 256 << 30,
            },
            streaming_lists: true,
        }
    }
}

impl KubernetesBuilder {
    /// How many changes a watch can lag behind before it is told that they are gone.
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

    /// How long after its container's end a Pod is over and its Job comes to its condition. Of the two seconds that
    /// were recorded a real Job controller takes one; here the kubelet takes both.
    #[must_use]
    pub fn end_delay(mut self, delay: Duration) -> Self {
        self.settings.end_delay = delay;
        self
    }

    /// How long the kubelet waits before it pulls an image a second time; before each further time twice as long.
    #[must_use]
    pub fn pull_delay(mut self, delay: Duration) -> Self {
        self.settings.pull_delay = delay;
        self
    }

    /// As a server whose storage cannot stream lists: a watch that asks for one is told so and ends.
    #[must_use]
    pub fn without_streaming_lists(mut self) -> Self {
        self.settings.streaming_lists = false;
        self
    }

    /// What a single Pod may ask of the node. What others have taken already does not count.
    #[must_use]
    pub fn node_capacity(mut self, cpus: u32, memory_bytes: u64) -> Self {
        self.settings.node_capacity = Resources {
            cpu_millis: u64::from(cpus) * 1_000,
            memory_bytes,
        };
        self
    }

    /// The folder of the images: `registry.example/x/NAME:tag` is its folder NAME.
    #[must_use]
    pub fn images(mut self, folder: &Path) -> Self {
        self.settings.images = Some(folder.to_owned());
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
            settings: Settings::default(),
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
        self.cluster.access.ban(Ban {
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
        self.cluster.state().get(&key).cloned()
    }
}
