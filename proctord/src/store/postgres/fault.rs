//! What errors of Postgres mean to whoever asked the store for something.

use crate::store::StoreError;

/// No space is left where the database keeps its files.
const DISK_FULL: &str = "53100";
/// What is stored cannot be read: of class XX, whose other codes are bugs of the server.
const CORRUPTED: [&str; 2] = ["XX001", "XX002"];
/// A table, a column, a function or the schema is not there: migrations are missing.
const UNKNOWN_NAMES: [&str; 4] = ["42P01", "42703", "42883", "3F000"];

/// Turns an error of Postgres into one that says what the store was doing.
pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match code(&error).as_deref() {
        Some(DISK_FULL) => StoreError::Full { doing },
        Some(code) if CORRUPTED.contains(&code) => damaged(doing, error),
        None if matches!(
            error,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)
        ) =>
        {
            damaged(doing, error)
        }
        _ => StoreError::Unavailable {
            doing,
            source: in_words(error),
        },
    }
}

/// Whether the error says that the schema is not what we know.
pub(super) fn misses_schema(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| UNKNOWN_NAMES.contains(&code.as_str()))
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

fn damaged(doing: &'static str, error: sqlx::Error) -> StoreError {
    StoreError::damaged(format!("found when it was to {doing}"), error)
}

/// The pool's own errors speak of a pool, which means nothing to an operator.
fn in_words(error: sqlx::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        sqlx::Error::PoolTimedOut => {
            "no connection to the database was free or could be made in time; \
             PROCTOR_POSTGRES_MAX_CONNECTIONS of every replica together must not be more than the server takes"
                .into()
        }
        error => Box::new(error),
    }
}
