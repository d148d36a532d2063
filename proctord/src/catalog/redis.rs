//! The catalog in Redis, shared by all replicas. Secret values are sealed before they are sent and opened after
//! they came back; Redis never has them in the clear. What belongs together is changed in one transaction or
//! script, and every answer is checked.

mod connect;
mod fault;
mod key;
mod line;
mod proc;
mod request;
mod rotation;
mod secret;
mod settings;

use std::collections::BTreeSet;

use async_trait::async_trait;
use bytes::Bytes;
use proctor_api::Metadata;
use secrecy::SecretString;

use self::connect::Connector;
use self::request::{Request, Requests};
use super::sealing::SecretKeys;
use super::{Catalog, CatalogError, SecretsOfProc};
use crate::domain::environment::Secrets;
use crate::domain::name::{ExecutionName, ProcName, VariableName};

pub use self::connect::RedisSettingsError;
pub use self::rotation::{Rotation, Unopenable};
pub use self::settings::{RedisAddress, RedisLogin, RedisSettings, RedisTarget, RedisTls};

/// The catalog in one database of a Redis.
pub struct RedisCatalog {
    requests: Requests,
    keys: SecretKeys,
}

impl RedisCatalog {
    /// A catalog that connects when it is first asked, so that it can be made while Redis is away.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    ///
    /// # Panics
    /// It is called outside a runtime; the one that it is called on carries the connection.
    pub fn new(settings: RedisSettings, keys: SecretKeys) -> Result<Self, RedisSettingsError> {
        Ok(Self {
            requests: Requests::new(Connector::new(settings)?),
            keys,
        })
    }
}

#[async_trait]
impl Catalog for RedisCatalog {
    async fn publish(&self, procs: &[(ProcName, Metadata)]) -> Result<(), CatalogError> {
        proc::put(&self.requests, procs).await
    }

    async fn unpublish(
        &self,
        name: &ProcName,
        secrets: SecretsOfProc,
    ) -> Result<bool, CatalogError> {
        proc::remove(&self.requests, name, secrets).await
    }

    async fn proc(&self, name: &ProcName) -> Result<Option<Metadata>, CatalogError> {
        proc::find(&self.requests, name).await
    }

    async fn procs(&self) -> Result<Vec<Metadata>, CatalogError> {
        proc::list(&self.requests).await
    }

    async fn set_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        value: SecretString,
    ) -> Result<(), CatalogError> {
        secret::set(&self.requests, &self.keys, proc_name, name, &value).await
    }

    async fn replace_secrets(
        &self,
        proc_name: &ProcName,
        secrets: Secrets,
    ) -> Result<(), CatalogError> {
        secret::replace(&self.requests, &self.keys, proc_name, &secrets).await
    }

    async fn remove_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
    ) -> Result<bool, CatalogError> {
        secret::remove(&self.requests, proc_name, name).await
    }

    async fn secret_names(
        &self,
        proc_name: &ProcName,
    ) -> Result<BTreeSet<VariableName>, CatalogError> {
        secret::names(&self.requests, proc_name).await
    }

    async fn secrets(&self, proc_name: &ProcName) -> Result<Secrets, CatalogError> {
        secret::open_all(&self.requests, &self.keys, proc_name).await
    }

    fn seal(&self, execution: &ExecutionName, secrets: &Secrets) -> Result<Vec<u8>, CatalogError> {
        self.keys.seal_for(execution, secrets)
    }

    fn open(&self, execution: &ExecutionName, sealed: &[u8]) -> Result<Secrets, CatalogError> {
        self.keys.open_for(execution, sealed)
    }

    async fn put_bundle(&self, digest: &str, bundle: Bytes) -> Result<(), CatalogError> {
        let key = key::of_bundle(digest);
        let mut set = redis::cmd("SET");
        // What has this digest already is the same.
        set.arg(&key).arg(&bundle[..]).arg("NX");
        let request = Request::one("keep a bundle", key, set);
        self.requests.answer::<(Option<String>,)>(&request).await?;
        Ok(())
    }

    async fn bundle(&self, digest: &str) -> Result<Option<Bytes>, CatalogError> {
        let key = key::of_bundle(digest);
        let mut get = redis::cmd("GET");
        get.arg(&key);
        let request = Request::one("read a bundle", key, get);
        let (bundle,): (Option<Vec<u8>>,) = self.requests.answer(&request).await?;
        Ok(bundle.map(Bytes::from))
    }

    async fn check(&self) -> Result<(), CatalogError> {
        let mut size = redis::cmd("SCARD");
        size.arg(key::PROCS);
        let request = Request::one("answer", key::PROCS, size);
        self.requests.answer::<(i64,)>(&request).await?;
        Ok(())
    }
}
