//! What a command has that only looks at what the service works with, and may run beside it: the store, and the runner
//! of this machine. It holds no data folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use uuid::Uuid;

use super::Place;
use crate::config::Config;
use crate::data_folder::{executions_of, host_of};
use crate::domain::execution::RunnerKind;
use crate::recovery::Witness;
use crate::runner::Runner;
use crate::runner::kubernetes::KubernetesRunner;
use crate::runner::local::LocalRunner;
use crate::store::Store;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// A store that is open.
pub(crate) struct OpenStore {
    store: Arc<dyn Store>,
    opened: Opened,
}

enum Opened {
    Files(Arc<SqliteStore>),
    Server(Arc<PostgresStore>),
}

impl OpenStore {
    /// The files of this folder, or the database that is configured.
    pub(crate) async fn open(data_dir: Option<&Path>, config: &Config) -> anyhow::Result<Self> {
        let Some(folder) = data_dir else {
            let postgres = config.postgres.as_ref().context("no database is named")?;
            let store = PostgresStore::new(&postgres.settings()).with_audience(config.audience());
            let store = Arc::new(store);
            return Ok(Self {
                store: Arc::clone(&store) as Arc<dyn Store>,
                opened: Opened::Server(store),
            });
        };
        if !folder.join("proctor.db").exists() {
            bail!("{} is no data folder of `proctord dev`", folder.display());
        }
        let store = SqliteStore::open(folder).await?;
        let store = Arc::new(store.with_audience(config.audience()));
        Ok(Self {
            store: Arc::clone(&store) as Arc<dyn Store>,
            opened: Opened::Files(store),
        })
    }

    pub(crate) fn as_store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        match &self.opened {
            Opened::Files(store) => store.close().await,
            Opened::Server(store) => store.close().await,
        }
    }
}

/// The runner of this machine, for looking only; `dev` has the local one whatever is configured.
pub(crate) async fn witness(
    config: &Config,
    place: &Place,
    is_dev: bool,
    installation: Uuid,
) -> anyhow::Result<Witness> {
    let grace = config.execution.stop_grace;
    let runner: Arc<dyn Runner> = match config.execution.runner {
        RunnerKind::Kubernetes if !is_dev => {
            let settings = config
                .kubernetes
                .settings(grace, place.data_dir.join("spill"));
            let runner = KubernetesRunner::open(settings).await?;
            runner.begin(installation);
            Arc::new(runner)
        }
        _ => {
            let folder = executions_of(&place.data_dir);
            Arc::new(LocalRunner::open(folder, place.shim.clone(), grace)?)
        }
    };
    Ok(Witness {
        runner,
        host: host_of(&place.data_dir)?,
    })
}
