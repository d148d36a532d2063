//! What this service must be allowed to do in its namespace, and what of it is missing: told in the log, each right by
//! its name, and again only when that changes.

use std::sync::{Mutex, PoisonError};

use tracing::{info, warn};

use super::client::{Cluster, ClusterError, Right};

/// All that is needed.
const NEEDED: [Right; 15] = [
    right("create", "batch", "jobs", ""),
    right("get", "batch", "jobs", ""),
    right("list", "batch", "jobs", ""),
    right("watch", "batch", "jobs", ""),
    right("patch", "batch", "jobs", ""),
    right("delete", "batch", "jobs", ""),
    right("list", "", "pods", ""),
    right("watch", "", "pods", ""),
    right("delete", "", "pods", ""),
    right("get", "", "pods", "log"),
    right("create", "", "secrets", ""),
    right("get", "", "secrets", ""),
    right("delete", "", "secrets", ""),
    right("list", "", "events", ""),
    right("get", "", "namespaces", ""),
];

const fn right(
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
) -> Right {
    Right {
        verb,
        group,
        resource,
        subresource,
    }
}

/// When the rights are to be looked at, and what was missing the last time.
#[derive(Debug)]
pub(super) struct Rights {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    is_due: bool,
    missing: Vec<Right>,
}

impl Rights {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                is_due: true,
                missing: Vec::new(),
            }),
        }
    }

    /// Something was forbidden: they are to be looked at again.
    pub(super) fn doubt(&self) {
        self.lock().is_due = true;
    }

    /// Looks at them if that is due, and tells what has changed.
    pub(super) async fn look(&self, cluster: &Cluster) -> Result<(), ClusterError> {
        if !std::mem::take(&mut self.lock().is_due) {
            return Ok(());
        }
        let missing = match missing(cluster).await {
            Ok(missing) => missing,
            Err(error) => {
                self.doubt();
                return Err(error);
            }
        };
        let before = std::mem::replace(&mut self.lock().missing, missing.clone());
        for right in missing.iter().filter(|right| !before.contains(right)) {
            warn!(
                namespace = cluster.namespace(),
                "the cluster does not let proctord {right}; its role has to be given that"
            );
        }
        if missing.is_empty() && !before.is_empty() {
            info!(
                namespace = cluster.namespace(),
                "nothing is forbidden any more"
            );
        }
        // What is missing may be granted while nothing is asked for.
        self.lock().is_due |= !missing.is_empty();
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn missing(cluster: &Cluster) -> Result<Vec<Right>, ClusterError> {
    let mut missing = Vec::new();
    for right in NEEDED {
        if !cluster.may(right).await? {
            missing.push(right);
        }
    }
    Ok(missing)
}
