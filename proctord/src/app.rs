//! What every part of the running service shares. It is made once by `startup` and handed around; there are
//! no globals beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::logs::Logs;
use crate::policy::Policy;
use crate::runner::Runner;
use crate::store::{Replica, Store};
use crate::tracker::Tracker;

/// The running service.
pub struct App {
    /// Executions, logs, deliveries, audit.
    pub store: Arc<dyn Store>,
    /// Procs, bundles, secrets.
    pub catalog: Arc<dyn Catalog>,
    /// Carries executions out.
    pub runner: Arc<dyn Runner>,
    /// Reads and writes logs.
    pub logs: Logs,
    /// Follows executions to their end.
    pub tracker: Tracker,
    /// Decides who may do what.
    pub policy: Policy,
    /// This replica and its host.
    pub replica: Replica,
    /// How long an answer waits for the launch.
    pub launch_wait: Duration,
    /// Cancelled when the service stops; long answers end with it.
    pub shutdown: CancellationToken,
}
