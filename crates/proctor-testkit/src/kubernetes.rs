//! A Kubernetes double: a server over plain HTTP that answers as a real API server was recorded to answer. It is
//! for tests and never ships.
//!
//! Modelled: Jobs, Pods, Secrets and core Events in any namespace, with uid, revision and generation; create, get,
//! list with label and field selectors, at a revision, and in pages that are one snapshot, replace, patch, delete
//! with preconditions, grace and propagation, collection of what has lost its owner; watches with bookmarks, initial
//! events and a history that ends, closed when they lag too far behind; dry runs, access reviews, discovery. Jobs
//! make Pods, one at a time and with retries, deadlines, suspension and expiry. Every Pod that fits is bound to the
//! one node. Its kubelet runs the command of the only container as a process of this machine; or, for many Pods,
//! runs nothing and takes each through the course that the test's script gives it. A Pod's log can be read and
//! followed; it is rotated if a test says so. Time is this machine's or the test's. What a cluster does to a run comes
//! when a test says so: eviction, a container that runs out of memory, a quota, a node that is lost, returns or is
//! given up; and so do faults of the API server, one by one or by a plan that follows from a seed. What really
//! happened is in a ledger.
//!
//! Not modelled: any other kind (namespaces are words with a uid), TLS, who a token belongs to, admission webhooks, field
//! ownership and lists merged by key (apply and strategic merge replace lists whole), OpenAPI documents, Tables,
//! more than one container, volumes, limits (nothing is measured or held back), what Pods take of a node together,
//! indexed Jobs, Pod failure policies, restarts in place, exec and attach. The scripted kubelet looks at no image, no
//! Secret and no command.

mod access;
mod admission;
mod agenda;
mod audience;
mod builder;
mod clock;
mod cluster;
mod connection;
mod controllers;
mod deletion;
mod discovery;
mod events;
mod eviction;
mod faults;
mod flow;
mod history;
mod http;
mod index;
mod jobs;
mod kind;
mod kubelet;
mod ledger;
mod list;
mod log;
mod logs;
mod mishaps;
mod nodes;
mod objects;
mod orders;
mod patch;
mod pods;
mod quota;
mod record;
mod refusal;
mod request;
mod resources;
mod scheduler;
mod scripted;
mod selector;
mod server;
mod state;
mod watch;

use std::fs;
use std::path::PathBuf;
use std::thread;

use actix_web::web::Data;
use serde_json::{Value, json};
use tempfile::TempDir;

use access::Ban;
use cluster::Cluster;
use controllers::Controllers;
use server::Server;

pub use builder::KubernetesBuilder;
pub use clock::Clock;
pub use faults::FaultPlan;
pub use ledger::{ContainerRun, JobCreation, Ledger};
pub use nodes::Processes;
pub use record::AskedRequest;
pub use scripted::{Course, Gate, Script, ScriptedPod};

/// A double that runs; dropped, it ends.
#[derive(Debug)]
pub struct Kubernetes {
    cluster: Data<Cluster>,
    server: Server,
    _controllers: Controllers,
    folder: TempDir,
}

impl Kubernetes {
    /// A double as most tests need it.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    #[must_use]
    pub fn builder() -> KubernetesBuilder {
        KubernetesBuilder::default()
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
        let text = self.kubeconfig_text(namespace);
        fs::write(&path, text).expect("the kubeconfig can be written");
        path
    }

    /// One for a client whose requests are to be told from those of others: its name is its token.
    ///
    /// # Panics
    /// The file cannot be written.
    #[must_use]
    pub fn kubeconfig_of(&self, client: &str, namespace: &str) -> PathBuf {
        let path = self.folder.path().join(format!("kubeconfig-of-{client}"));
        let text = self.kubeconfig_with(client, namespace);
        fs::write(&path, text).expect("the kubeconfig can be written");
        path
    }

    /// What is in such a kubeconfig.
    #[must_use]
    pub fn kubeconfig_text(&self, namespace: &str) -> String {
        self.kubeconfig_with(&self.cluster.access.token(), namespace)
    }

    fn kubeconfig_with(&self, token: &str, namespace: &str) -> String {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "double",
            "clusters": [{"name": "double", "cluster": {"server": self.url()}}],
            "users": [{"name": "tester", "user": {"token": token}}],
            "contexts": [{"name": "double", "context": {
                "cluster": "double", "user": "tester", "namespace": namespace,
            }}],
        });
        config.to_string()
    }

    /// Forgets the history: a watch from an older revision is told 410, and so is a list that goes on.
    pub fn compact(&self) {
        self.cluster.state().compact();
    }

    /// From now on nobody may do this: a verb and a resource, as `get` and `pods/log`.
    pub fn forbid(&self, verb: &str, resource: &str) {
        self.cluster.access.ban(Ban {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
        });
    }

    /// Each version of each object of a kind that is remembered, of those that are gone as well, and as they are stored
    /// now; `plural` as in paths.
    #[must_use]
    pub fn versions(&self, plural: &str) -> Vec<Value> {
        let mut kinds = kind::Kind::ALL.into_iter();
        let Some(kind) = kinds.find(|kind| kind.plural() == plural) else {
            return Vec::new();
        };
        let state = self.cluster.state();
        let stored = state.of_kind(kind).map(|(_, object)| object);
        let remembered = state.history().versions(kind);
        remembered
            .chain(stored)
            .map(|object| Value::clone(object))
            .collect()
    }

    /// Every request that came in, if the builder was told to record them.
    #[must_use]
    pub fn requests(&self) -> Vec<AskedRequest> {
        self.cluster.record.copy()
    }

    /// What was forbidden may be done again.
    pub fn allow(&self, verb: &str, resource: &str) {
        self.cluster.access.lift(&Ban {
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

impl Drop for Kubernetes {
    #[expect(
        clippy::print_stderr,
        reason = "who sees a test fail is to see with which faults"
    )]
    fn drop(&mut self) {
        if let Some(report) = self.cluster.faults.report()
            && thread::panicking()
        {
            eprintln!("{report}");
        }
    }
}
