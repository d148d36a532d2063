//! Why store or catalog do not work, in words that give nothing away: no names, no addresses, no secrets.

use std::error::Error;

use crate::catalog::CatalogError;
use crate::store::StoreError;

const FULL: &str = "has no space left";
const UNREACHABLE: &str = "is unreachable";
const UNAVAILABLE: &str = "is not available";

/// What is wrong with a store that failed so.
pub(super) fn of_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full { .. } => FULL,
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

fn of_source(error: &(dyn Error + Send + Sync + 'static)) -> &'static str {
    match error.downcast_ref::<sqlx::Error>() {
        Some(error) => of_database(error),
        None => UNREACHABLE,
    }
}

/// The codes are Postgres's; those of SQLite are numbers that mean none of these.
fn of_database(error: &sqlx::Error) -> &'static str {
    let Some(database) = error.as_database_error() else {
        return UNREACHABLE;
    };
    match database.code().as_deref() {
        Some("28000" | "28P01") => "refuses the login",
        Some("3D000") => "has no database of that name",
        Some("42501") => "refuses access to what is stored",
        Some("25006") => "can only be read",
        Some("53300") => "has no connection left",
        Some("57P01" | "57P02" | "57P03") => "is starting or stopping",
        _ => UNAVAILABLE,
    }
}
