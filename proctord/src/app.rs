//! What every part of the running service shares. It is made once by `startup` and handed around; there are
//! no globals beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Refusals;
use crate::authentication::Authentication;
use crate::catalog::Catalog;
use crate::domain::callback::AllowedHosts;
use crate::domain::execution::Defaults;
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::policy::Policy;
use crate::readiness::Readiness;
use crate::runner::Runner;
use crate::scheduler::{Scheduler, SeenUsers};
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
    /// What a proc gets that says nothing of it.
    pub defaults: Defaults,
    /// Reads and writes logs.
    pub logs: Logs,
    /// Follows executions to their end.
    pub tracker: Tracker,
    /// Fires schedules.
    pub scheduler: Scheduler,
    /// What users are known to be, for when their schedules fire.
    pub seen_users: SeenUsers,
    /// The time zone of schedules that name none.
    pub time_zone: String,
    /// Whether there is a mail server.
    pub sends_mail: bool,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// Tells who asks; absent, everybody is who they say they are, and the policy allows everything.
    pub authentication: Option<Arc<Authentication>>,
    /// Where callbacks may go.
    pub callbacks: Arc<AllowedHosts>,
    /// How often who was refused.
    pub refusals: Refusals,
    /// Decides who may do what.
    pub policy: Policy,
    /// This replica and its host.
    pub replica: Replica,
    /// Whether all of this can be used now.
    pub readiness: Readiness,
    /// How long an answer waits for the launch.
    pub launch_wait: Duration,
    /// Cancelled when the service stops; long answers end with it.
    pub shutdown: CancellationToken,
    /// What must not stop half-way.
    pub work: Work,
}

/// Runs what must not stop half-way: a request's future is dropped when its client goes, but what was
/// accepted by then must also be launched, and what was changed must be audited.
#[derive(Debug, Clone)]
pub struct Work {
    tasks: TaskTracker,
    runtime: Handle,
}

/// The work broke: it panicked, and the log says how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work broke half-way")]
pub struct Broken;

impl Work {
    /// Work that is done on the current runtime.
    #[must_use]
    pub fn on_this_runtime() -> Self {
        Self {
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        }
    }

    /// Does the work to its end, whether or not somebody waits for it.
    ///
    /// # Errors
    /// The work panicked.
    pub async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Broken> {
        self.tasks
            .spawn_on(work, &self.runtime)
            .await
            .map_err(|_| Broken)
    }

    /// Waits until all work is done; to be called when no more can come.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
