//! Errors of SQLite as errors of the catalog.

use crate::catalog::CatalogError;
use crate::sqlite::Fault;

/// Turns an error of SQLite into one that says what the catalog was doing.
pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> CatalogError {
    move |error| match Fault::of(&error) {
        Fault::Full => CatalogError::Full { doing },
        Fault::Damaged => CatalogError::Damaged {
            what: format!("found when it was to {doing}"),
            source: Some(Box::new(error)),
        },
        Fault::Other => CatalogError::Unavailable {
            doing,
            source: Box::new(error),
        },
    }
}
