//! A Kubernetes double: a server over plain HTTP that answers as a real API server was recorded to answer. It is
//! for tests and never ships.
//!
//! Modelled: Jobs, Pods, Secrets and core Events in any namespace, with uid, revision and generation; create, get,
//! list with label and field selectors and in pages, replace, patch, delete with preconditions, grace and
//! propagation, collection of what has lost its owner; watches with bookmarks, initial events and a history that
//! ends; dry runs, access reviews, discovery.
//!
//! Not modelled: any other kind (namespaces are just words), TLS and tokens, admission webhooks, quotas, field
//! ownership and lists merged by key (apply and strategic merge replace lists whole), OpenAPI documents, Tables,
//! snapshots behind the pages of a list, and rotation of logs.

mod access;
mod admission;
mod cluster;
mod deletion;
mod discovery;
mod http;
mod kind;
mod objects;
mod patch;
mod refusal;
mod request;
mod selector;
mod server;
mod state;
mod watch;

use std::fs;
use std::path::PathBuf;

use actix_web::web::Data;
use serde_json::{Value, json};
use tempfile::TempDir;

use access::Ban;
use cluster::Cluster;
use server::Server;

/// How many changes are remembered for watches, unless a test says otherwise.
const HISTORY_LENGTH: usize = 10_000;

/// A double that runs; dropped, it ends.
#[derive(Debug)]
pub struct Kubernetes {
    cluster: Data<Cluster>,
    server: Server,
    folder: TempDir,
}

/// How a double is to be.
#[derive(Debug)]
pub struct KubernetesBuilder {
    history_length: usize,
}

impl KubernetesBuilder {
    /// How many changes a watch can lag behind before it is told that they are gone.
    #[must_use]
    pub fn history_length(mut self, changes: usize) -> Self {
        self.history_length = changes;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// It cannot be started, which names the reason.
    #[must_use]
    pub fn start(self) -> Kubernetes {
        let cluster = Data::new(Cluster::new(self.history_length));
        Kubernetes {
            server: Server::start(cluster.clone()),
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
            history_length: HISTORY_LENGTH,
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
    pub fn throttle(&self, requests: u64) {
        self.cluster.throttle(requests);
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
        self.cluster.state().get(&key).cloned()
    }
}
