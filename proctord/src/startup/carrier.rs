//! What carries the executions of this service out: processes on this host, or Jobs on a cluster. It is made once;
//! nothing else knows which of them it is.

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::Place;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::domain::execution::Defaults;
use crate::runner::Runner;
use crate::runner::kubernetes::KubernetesRunner;
use crate::runner::local::LocalRunner;
use crate::store::{Store, StoreError};

/// A runner, as it is made.
pub(super) enum Carrier {
    Local(Arc<LocalRunner>),
    Kubernetes(Arc<KubernetesRunner>),
}

impl Carrier {
    /// This host.
    pub(super) fn local(
        config: &Config,
        place: &Place,
        folder: &DataFolder,
    ) -> anyhow::Result<Self> {
        let (shim, grace) = (place.shim.clone(), config.execution.stop_grace);
        let runner = LocalRunner::open(folder.executions(), shim, grace)?;
        Ok(Self::Local(Arc::new(runner)))
    }

    /// The cluster that is configured; it need not be there yet.
    pub(super) async fn kubernetes(config: &Config, folder: &DataFolder) -> anyhow::Result<Self> {
        let grace = config.execution.stop_grace;
        let settings = config.kubernetes.settings(grace, folder.spill()?);
        let runner = KubernetesRunner::open(settings).await?;
        info!(namespace = runner.namespace(), "executions run as Jobs");
        Ok(Self::Kubernetes(Arc::new(runner)))
    }

    pub(super) fn runner(&self) -> Arc<dyn Runner> {
        match self {
            Self::Local(runner) => Arc::clone(runner) as Arc<dyn Runner>,
            Self::Kubernetes(runner) => Arc::clone(runner) as Arc<dyn Runner>,
        }
    }

    /// Tells it what it must know of the installation, before anything is taken over.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn begin(&self, store: &dyn Store) -> Result<(), StoreError> {
        if let Self::Kubernetes(runner) = self {
            runner.begin(store.installation().await?);
        }
        Ok(())
    }

    /// What a proc gets that says nothing of it.
    pub(super) fn defaults(&self, config: &Config) -> Defaults {
        match self {
            Self::Local(_) => Defaults::default(),
            Self::Kubernetes(_) => config.kubernetes.defaults,
        }
    }

    /// How often what it holds is looked through. A cluster answers that with one list; what stays shortly is looked at
    /// often.
    pub(super) fn between_sweeps(&self, config: &Config) -> Duration {
        match self {
            Self::Local(_) => Duration::from_hours(1),
            Self::Kubernetes(_) => {
                let keep = config.kubernetes.keep;
                keep.clamp(Duration::from_secs(1), Duration::from_mins(1))
            }
        }
    }

    /// How long what is left of an execution is kept.
    pub(super) fn keep(&self, config: &Config) -> Duration {
        match self {
            Self::Local(_) => config.execution.keep,
            Self::Kubernetes(_) => config.kubernetes.keep,
        }
    }
}
