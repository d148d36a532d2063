//! What can be run: the published procs, their bundles and their secrets. A catalog knows nothing of
//! executions. Secret values are sealed before they are written and opened only for a launch
//! or to mask them in a log.

pub mod redis;
pub mod sealing;
pub mod sqlite;

use std::collections::BTreeSet;

use async_trait::async_trait;
use bytes::Bytes;
use proctor_api::Metadata;
use secrecy::SecretString;
use thiserror::Error;

use crate::domain::environment::Secrets;
use crate::domain::name::{ExecutionName, ProcName, VariableName};

/// Why the catalog did not do what it was asked.
#[derive(Debug, Error)]
pub enum CatalogError {
    #[error("no space is left to {doing}")]
    Full { doing: &'static str },
    #[error("the catalog did not {doing}")]
    Unavailable {
        doing: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the catalog holds something unreadable: {what}")]
    Damaged {
        what: String,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// What becomes of the secrets of a proc that is unpublished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsOfProc {
    /// They wait for the proc to be published again.
    Stay,
    Go,
}

/// The published procs. Every implementation passes the one conformance suite.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Publishes procs, all or none; one that exists is replaced whole, its secrets stay.
    async fn publish(&self, procs: &[(ProcName, Metadata)]) -> Result<(), CatalogError>;

    /// Forgets a proc, and tells whether it was there; bundles stay, other procs may have the same. What is
    /// not published keeps its secrets whatever is said about them.
    async fn unpublish(
        &self,
        name: &ProcName,
        secrets: SecretsOfProc,
    ) -> Result<bool, CatalogError>;

    /// One proc.
    async fn proc(&self, name: &ProcName) -> Result<Option<Metadata>, CatalogError>;

    /// All procs, ordered by name.
    async fn procs(&self) -> Result<Vec<Metadata>, CatalogError>;

    /// Sets one secret of a proc and leaves its others; the proc need not be published yet.
    async fn set_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        value: SecretString,
    ) -> Result<(), CatalogError>;

    /// Replaces all secrets of a proc.
    async fn replace_secrets(
        &self,
        proc_name: &ProcName,
        secrets: Secrets,
    ) -> Result<(), CatalogError>;

    /// Forgets one secret of a proc, and tells whether it was there.
    async fn remove_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
    ) -> Result<bool, CatalogError>;

    /// The names of the secrets that are set for a proc.
    async fn secret_names(
        &self,
        proc_name: &ProcName,
    ) -> Result<BTreeSet<VariableName>, CatalogError>;

    /// The secrets of a proc, for a launch.
    async fn secrets(&self, proc_name: &ProcName) -> Result<Secrets, CatalogError>;

    /// Seals the secrets that an execution was given, to be kept beside its row.
    fn seal(&self, execution: &ExecutionName, secrets: &Secrets) -> Result<Vec<u8>, CatalogError>;

    /// Opens what was sealed for this execution.
    fn open(&self, execution: &ExecutionName, sealed: &[u8]) -> Result<Secrets, CatalogError>;

    /// Keeps a bundle under its digest, which the caller has checked.
    async fn put_bundle(&self, digest: &str, bundle: Bytes) -> Result<(), CatalogError>;

    /// A bundle.
    async fn bundle(&self, digest: &str) -> Result<Option<Bytes>, CatalogError>;

    /// Whether the catalog answers now.
    async fn check(&self) -> Result<(), CatalogError>;
}
