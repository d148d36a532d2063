//! Takes over what version 2 has in its Postgres and its Redis: executions with their logs, schedules, procs and secrets. It
//! only reads there, adds what is not here yet, changes nothing that is, and so may be interrupted and repeated.
//! What cannot be taken over as it is, is told with the row it is about. No secret value is told.

mod args;
mod database;
mod executions;
mod known;
mod output;
mod procs;
mod redis;
mod report;
mod row;
mod schedules;
mod secrets;

use std::num::NonZeroU32;
use std::sync::Arc;

use ::redis::RedisError;
use secrecy::SecretString;
use thiserror::Error;

use crate::catalog::{Catalog, CatalogError};
use crate::store::{AuditEntry, AuditResult, Store, StoreError};
use database::Database;
use known::Known;
use redis::Redis;

pub use report::{Count, Report, Told};

/// Where version 2 is; what is absent is not imported.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub database_url: Option<SecretString>,
    pub redis_url: Option<SecretString>,
    /// By whose clock its schedules fired, by its IANA name.
    pub time_zone: String,
}

/// Where it goes.
#[derive(Clone)]
pub struct Target {
    pub store: Arc<dyn Store>,
    pub catalog: Arc<dyn Catalog>,
}

/// How it is done.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The most executions that are stored in one commit.
    pub batch: NonZeroU32,
    /// Tells what would be done, and does nothing.
    pub dry_run: bool,
}

/// Why an import broke off. What was stored by then stays, and the next import goes on behind it.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("the URL of version 2's {what} cannot be read: it must be like {example}")]
    Url {
        what: &'static str,
        example: &'static str,
    },
    #[error("version 2's database did not {doing}")]
    Database {
        doing: &'static str,
        source: sqlx::Error,
    },
    #[error("there is no table {table} in this database: is it that of version 2?")]
    NoTable { table: &'static str },
    #[error("version 2's Redis did not {doing}")]
    Redis {
        doing: &'static str,
        source: RedisError,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Imports everything that the sources have. Without a target there is nothing yet, and nothing is stored.
///
/// # Errors
/// The source or the target failed.
pub async fn import<'t>(
    sources: &Sources,
    target: Option<&Target>,
    options: Options,
    tell: &'t mut (dyn FnMut(&Told) + Send),
) -> Result<Report<'t>, ImportError> {
    let mut report = Report::new(tell);
    // Procs and secrets first: the logs of executions are masked by the values that are known.
    let mut known = Known::default();
    if let Some(url) = &sources.redis_url {
        let mut redis = Redis::connect(url).await?;
        procs::import(&mut redis, target, options, &mut report).await?;
        known = secrets::import(&mut redis, target, options, &mut report).await?;
    }
    if let Some(url) = &sources.database_url {
        let mut database = Database::open(url).await?;
        executions::import(&mut database, target, options, &mut known, &mut report).await?;
        // At last, for from then on they fire.
        schedules::import(&mut database, sources, target, options, &mut report).await?;
    }
    if let Some(target) = target.filter(|_| !options.dry_run) {
        audit(target, &report).await?;
    }
    Ok(report)
}

/// One row for all of it; none if nothing was stored.
async fn audit(target: &Target, report: &Report<'_>) -> Result<(), StoreError> {
    let [executions, procs, secrets] =
        [&report.executions, &report.procs, &report.secrets].map(|count| count.imported);
    let schedules = report.schedules.unwrap_or_default().imported;
    if executions + procs + secrets + schedules == 0 {
        return Ok(());
    }
    let entry = AuditEntry {
        who: "proctord import-v2".to_owned(),
        action: "import.v2",
        target: format!(
            "{executions} executions, {schedules} schedules, {procs} procs, {secrets} secrets"
        ),
        source: String::new(),
        result: AuditResult::Done,
        request_id: String::new(),
    };
    target.store.audit(entry).await
}
