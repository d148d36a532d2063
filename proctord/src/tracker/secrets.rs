//! The secrets that an execution was given: kept sealed beside its row from CREATED on, so that a relaunch gives
//! the same ones and its log is masked of the same ones, whatever was set meanwhile.

use tracing::warn;

use super::Parts;
use super::persist::{FIRST_PAUSE, LONGEST_PAUSE};
use crate::catalog::CatalogError;
use crate::domain::environment::Secrets;
use crate::domain::execution::Execution;
use crate::store::StoreError;
use crate::telemetry::chain;

/// Why the secrets of an execution are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl SecretsError {
    /// Whether they are there and cannot be read, now or later.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Catalog(CatalogError::Damaged { .. }))
    }
}

/// The secrets that the execution was given; `None` if none are kept.
pub(super) async fn given(
    parts: &Parts,
    execution: &Execution,
) -> Result<Option<Secrets>, SecretsError> {
    let sealed = parts.store.sealed_secrets(execution.id).await?;
    let opened = sealed.map(|sealed| parts.catalog.open(&execution.name, &sealed));
    Ok(opened.transpose()?)
}

/// Those secrets sealed, to be stored with CREATED.
pub(super) fn seal(
    parts: &Parts,
    execution: &Execution,
    secrets: &Secrets,
) -> Result<Option<Vec<u8>>, CatalogError> {
    if secrets.is_empty() {
        return Ok(None);
    }
    parts.catalog.seal(&execution.name, secrets).map(Some)
}

/// As `given`, tried until it is known.
pub(super) async fn known(parts: &Parts, execution: &Execution) -> Result<Secrets, StoreError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match given(parts, execution).await {
            Ok(secrets) => return Ok(secrets.unwrap_or_default()),
            Err(SecretsError::Store(error @ StoreError::NotFound(_))) => return Err(error),
            Err(error) => error,
        };
        if pause == FIRST_PAUSE {
            warn!(execution.id = %execution.id, error = chain(&error), "its log waits for the values to mask");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
