//! How the cluster is reached, and what all of its Jobs have in common.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How the Kubernetes runner is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSettings {
    pub access: Access,
    /// Absent, it is that of the context or of the service account.
    pub namespace: Option<String>,
    /// What Pods run as, unless their proc says otherwise.
    pub service_account: Option<String>,
    /// For Jobs and Pods, below those of their proc.
    pub annotations: BTreeMap<String, String>,
    /// How long a Job may wait for its first container.
    pub start_patience: Duration,
    /// Between TERM and KILL when nobody says otherwise.
    pub grace: Duration,
    /// A folder of its owner alone, for output that comes faster than it is stored.
    pub spill: PathBuf,
}

/// How the cluster is found and logged in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// As the service account of the Pod that this runs in.
    InCluster,
    /// By a kubeconfig.
    Kubeconfig {
        /// Absent, it is `$KUBECONFIG` or the one in the home folder.
        path: Option<PathBuf>,
        /// Absent, it is the current one.
        context: Option<String>,
    },
}
