//! What the service keeps everything in: the files of one folder, or servers. It is opened first and let go of
//! last; nothing else knows which of the two it is. Servers need not be there yet.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::catalog::Catalog;
use crate::catalog::redis::RedisCatalog;
use crate::catalog::sealing::SecretKeys;
use crate::catalog::sqlite::SqliteCatalog;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::readiness::Names;
use crate::store::Store;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;

/// A store and a catalog.
pub(crate) enum Backing {
    Files {
        store: Arc<SqliteStore>,
        catalog: Arc<SqliteCatalog>,
    },
    Servers {
        store: Arc<PostgresStore>,
        catalog: Arc<RedisCatalog>,
    },
}

impl Backing {
    /// Opens the files of the folder, or makes them.
    pub(crate) async fn files(folder: &DataFolder, config: &Config) -> anyhow::Result<Self> {
        let store = SqliteStore::open(folder.path()).await?;
        let store = store
            .with_log_limit(config.log.limit_bytes)
            .with_max_concurrent(config.execution.max_concurrent)
            .with_audience(config.audience());
        let store = Arc::new(store);
        let keys = secret_keys(folder.path())?;
        let catalog = Arc::new(SqliteCatalog::open(folder.path(), keys).await?);
        Ok(Self::Files { store, catalog })
    }

    /// Says which servers there are; none of them is asked anything yet.
    pub(crate) fn servers(config: &Config) -> anyhow::Result<Self> {
        let postgres = config.postgres.as_ref().context("no database is named")?;
        let redis = config.redis.clone().context("no Redis is named")?;
        let secrets = config.secrets.as_ref().context("there are no keys")?;
        let store = PostgresStore::new(&postgres.settings());
        let store = store
            .with_log_limit(config.log.limit_bytes)
            .with_max_concurrent(config.execution.max_concurrent)
            .with_audience(config.audience());
        let store = Arc::new(store);
        let catalog = Arc::new(RedisCatalog::new(redis, secrets.keys()?)?);
        Ok(Self::Servers { store, catalog })
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Files { store, .. } => Arc::clone(store) as Arc<dyn Store>,
            Self::Servers { store, .. } => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    pub(crate) fn catalog(&self) -> Arc<dyn Catalog> {
        match self {
            Self::Files { catalog, .. } => Arc::clone(catalog) as Arc<dyn Catalog>,
            Self::Servers { catalog, .. } => Arc::clone(catalog) as Arc<dyn Catalog>,
        }
    }

    /// How people call the two.
    pub(crate) fn names(&self) -> Names {
        match self {
            Self::Files { .. } => Names {
                store: "store",
                catalog: "catalog",
            },
            Self::Servers { .. } => Names {
                store: "database",
                catalog: "Redis",
            },
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Files { store, catalog } => {
                store.close().await;
                catalog.close().await;
            }
            // Redis has nothing to be let go of.
            Self::Servers { store, .. } => store.close().await,
        }
    }
}

/// The key of the secrets in this folder. A new one beside an old catalog would open none of them.
fn secret_keys(folder: &Path) -> anyhow::Result<SecretKeys> {
    let (key, catalog) = (folder.join("secret.key"), folder.join("catalog.db"));
    if catalog.exists() && !key.exists() {
        bail!(
            "{} is missing, and without it the secrets in {} cannot be opened: put it back, or move the \
             catalog away and publish again",
            key.display(),
            catalog.display()
        );
    }
    Ok(SecretKeys::load_or_create(&key)?)
}
