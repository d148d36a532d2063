//! Errors of SQLite as errors of the store.

use crate::sqlite::Fault;
use crate::store::StoreError;

/// Turns an error of SQLite into one that says what the store was doing.
pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match Fault::of(&error) {
        Fault::Full => StoreError::Full { doing },
        Fault::Damaged => StoreError::Damaged {
            what: format!("found when it was to {doing}"),
            source: Some(Box::new(error)),
        },
        Fault::Other => StoreError::Unavailable {
            doing,
            source: Box::new(error),
        },
    }
}
