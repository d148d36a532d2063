//! Why store, catalog or cluster do not work, in words that give nothing away: no names, no addresses, no secrets.

use std::error::Error;

use redis::{ErrorKind, RedisError};

use crate::catalog::CatalogError;
use crate::runner::RunnerError;
use crate::runner::kubernetes::client::ClusterError;
use crate::runner::kubernetes::watches::WatchFailure;
use crate::store::StoreError;

const FULL: &str = "has no space left";
const UNREACHABLE: &str = "is unreachable";
const LOGIN: &str = "refuses the login";
const READ_ONLY: &str = "can only be read";
const STARTING: &str = "is starting or stopping";
const UNAVAILABLE: &str = "is not available";

/// What is wrong with a store that failed so.
pub(super) fn of_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full { .. } => FULL,
        StoreError::SchemaBehind { .. } => "has no schema or an old one: run `proctord migrate`",
        StoreError::Unavailable { source, .. } => of_source(source.as_ref()),
        _ => UNAVAILABLE,
    }
}

/// What is wrong with a catalog that failed so.
pub(super) fn of_catalog(error: &CatalogError) -> &'static str {
    match error {
        CatalogError::Full { .. } => FULL,
        CatalogError::Unavailable { source, .. } => of_source(source.as_ref()),
        CatalogError::Damaged { .. } => UNAVAILABLE,
    }
}

/// What is wrong with what executions are carried out on.
pub(super) fn of_runner(error: &RunnerError) -> &'static str {
    if error.source.is::<WatchFailure>() {
        return "cannot be watched: what happens there shows late";
    }
    match error.source.downcast_ref::<ClusterError>() {
        Some(error) => error.fault.in_public(),
        None => UNAVAILABLE,
    }
}

fn of_source(error: &(dyn Error + Send + Sync + 'static)) -> &'static str {
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return of_database(error);
    }
    match error.downcast_ref::<RedisError>() {
        Some(error) => of_redis(error),
        None => UNREACHABLE,
    }
}

fn of_redis(error: &RedisError) -> &'static str {
    if error.is_io_error() {
        return UNREACHABLE;
    }
    match error.code() {
        Some("NOAUTH" | "WRONGPASS" | "NOPERM") => LOGIN,
        _ if error.kind() == ErrorKind::AuthenticationFailed => LOGIN,
        Some("READONLY") => READ_ONLY,
        Some("LOADING" | "MASTERDOWN") => STARTING,
        _ => UNAVAILABLE,
    }
}

/// The codes are Postgres's; those of SQLite are numbers that mean none of these.
fn of_database(error: &sqlx::Error) -> &'static str {
    let Some(database) = error.as_database_error() else {
        return UNREACHABLE;
    };
    match database.code().as_deref() {
        Some("28000" | "28P01") => LOGIN,
        Some("3D000") => "has no database of that name",
        Some("42501") => "refuses access to what is stored",
        Some("25006") => READ_ONLY,
        Some("53300") => "has no connection left",
        Some("57P01" | "57P02" | "57P03") => STARTING,
        _ => UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::of_runner;
    use crate::domain::execution::RunnerKind;
    use crate::runner::RunnerError;
    use crate::runner::kubernetes::watches::{Health, WatchHealth};

    #[test]
    fn a_watch_that_fails_is_told_without_its_cause() {
        let failing = WatchHealth::Failing {
            since: Timestamp::UNIX_EPOCH,
            error: "10.0.0.1 answered".to_owned(),
        };
        let health = Health {
            jobs: WatchHealth::Watching,
            pods: failing,
        };
        let error = RunnerError {
            kind: RunnerKind::Kubernetes,
            doing: "watch",
            execution: "the cluster".to_owned(),
            source: health.check().unwrap_err().into(),
        };

        assert!(of_runner(&error).starts_with("cannot be watched"));
    }
}
