//! The catalog in SQLite: `catalog.db`. Secret values pass through here sealed on their way in and are opened
//! on their way out; their plain bytes never reach the file.

mod fault;
mod proc;
mod secret;

use std::collections::BTreeSet;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use proctor_api::Metadata;
use secrecy::SecretString;

use super::sealing::SecretKeys;
use super::{Catalog, CatalogError, SecretsOfProc};
use crate::domain::environment::Secrets;
use crate::domain::name::{ExecutionName, ProcName, VariableName};
use crate::sqlite::{Database, OpenError, Setup};
use fault::failed;

const CATALOG_FILE: &str = "catalog.db";

/// The catalog in a SQLite file of a folder.
pub struct SqliteCatalog {
    database: Database,
    keys: SecretKeys,
}

impl SqliteCatalog {
    /// Opens the catalog of a folder, or makes one there.
    ///
    /// # Errors
    /// The file that cannot be opened, and why.
    pub async fn open(folder: &Path, keys: SecretKeys) -> Result<Self, OpenError> {
        static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite/catalog");
        let database = Database::open(Setup {
            path: folder.join(CATALOG_FILE),
            migrator: &MIGRATOR,
            attached: None,
            page_limit: None,
        })
        .await?;
        Ok(Self { database, keys })
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn publish(&self, procs: &[(ProcName, Metadata)]) -> Result<(), CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to publish"))?;
        for (name, metadata) in procs {
            proc::put(&mut unit, name, metadata).await?;
        }
        unit.commit().await.map_err(failed("keep published procs"))
    }

    async fn unpublish(
        &self,
        name: &ProcName,
        secrets: SecretsOfProc,
    ) -> Result<bool, CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to unpublish"))?;
        let was_there = proc::remove(&mut unit, name).await?;
        if was_there && secrets == SecretsOfProc::Go {
            secret::clear(&mut unit, name).await?;
        }
        unit.commit()
            .await
            .map_err(failed("forget an unpublished proc"))?;
        Ok(was_there)
    }

    async fn proc(&self, name: &ProcName) -> Result<Option<Metadata>, CatalogError> {
        proc::find(self.database.readers(), name).await
    }

    async fn procs(&self) -> Result<Vec<Metadata>, CatalogError> {
        proc::list(self.database.readers()).await
    }

    async fn set_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        value: SecretString,
    ) -> Result<(), CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to set a secret"))?;
        secret::set(&mut unit, &self.keys, proc_name, name, &value).await?;
        unit.commit().await.map_err(failed("keep a secret"))
    }

    async fn replace_secrets(
        &self,
        proc_name: &ProcName,
        secrets: Secrets,
    ) -> Result<(), CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to set secrets"))?;
        secret::clear(&mut unit, proc_name).await?;
        for (name, value) in &secrets {
            secret::set(&mut unit, &self.keys, proc_name, name, value).await?;
        }
        unit.commit().await.map_err(failed("keep secrets"))
    }

    async fn remove_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
    ) -> Result<bool, CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to remove a secret"))?;
        let was_there = secret::remove(&mut unit, proc_name, name).await?;
        unit.commit().await.map_err(failed("forget a secret"))?;
        Ok(was_there)
    }

    async fn secret_names(
        &self,
        proc_name: &ProcName,
    ) -> Result<BTreeSet<VariableName>, CatalogError> {
        secret::names(self.database.readers(), proc_name).await
    }

    async fn secrets(&self, proc_name: &ProcName) -> Result<Secrets, CatalogError> {
        secret::open_all(self.database.readers(), &self.keys, proc_name).await
    }

    fn seal(&self, execution: &ExecutionName, secrets: &Secrets) -> Result<Vec<u8>, CatalogError> {
        self.keys.seal_for(execution, secrets)
    }

    fn open(&self, execution: &ExecutionName, sealed: &[u8]) -> Result<Secrets, CatalogError> {
        self.keys.open_for(execution, sealed)
    }

    async fn put_bundle(&self, digest: &str, bundle: Bytes) -> Result<(), CatalogError> {
        let mut unit = self
            .database
            .begin()
            .await
            .map_err(failed("begin to keep a bundle"))?;
        sqlx::query(
            "INSERT INTO bundle (digest, bytes, created_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(digest)
        .bind(Vec::from(bundle))
        .bind(now())
        .execute(&mut *unit)
        .await
        .map_err(failed("write a bundle"))?;
        unit.commit().await.map_err(failed("keep a bundle"))
    }

    async fn bundle(&self, digest: &str) -> Result<Option<Bytes>, CatalogError> {
        let bytes: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT bytes FROM bundle WHERE digest = ?")
                .bind(digest)
                .fetch_optional(self.database.readers())
                .await
                .map_err(failed("read a bundle"))?;
        Ok(bytes.map(Bytes::from))
    }

    async fn check(&self) -> Result<(), CatalogError> {
        sqlx::query("SELECT 1 FROM proc LIMIT 1")
            .fetch_optional(self.database.readers())
            .await
            .map(drop)
            .map_err(failed("answer"))
    }
}

fn now() -> i64 {
    Timestamp::now().as_microsecond()
}
