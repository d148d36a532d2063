//! What the errors of Redis mean for us. None of them holds the value of a secret: those are sealed before
//! anything is sent.

use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerError};

use super::request::Request;
use crate::catalog::CatalogError;

/// The codes by which a server says that it is not the one to ask now.
const NOT_NOW: [&str; 3] = ["READONLY", "LOADING", "MASTERDOWN"];

/// Turns an error of Redis into one that says what the catalog was doing.
pub(super) fn catalog_error(request: &Request, error: RedisError) -> CatalogError {
    let doing = request.doing;
    let says = |code| told(&error).any(|told| says(&told, code));
    let full = says("OOM") || (says("MISCONF") && error.to_string().contains("No space left"));
    let nonsense = matches!(
        error.kind(),
        ErrorKind::UnexpectedReturnType | ErrorKind::Parse
    );
    if full {
        CatalogError::Full { doing }
    } else if nonsense || says("WRONGTYPE") {
        CatalogError::Damaged {
            what: format!("the key {}", request.key),
            source: Some(Box::new(error)),
        }
    } else {
        CatalogError::Unavailable {
            doing,
            source: Box::new(error),
        }
    }
}

/// Whether another connection may do better.
pub(super) fn is_of_the_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || was_not_carried_out(error)
        || told(error).any(|told| says(&told, "NOAUTH"))
}

/// Whether the server has said that it did not do it because it is not the one to ask now.
pub(super) fn was_not_carried_out(error: &RedisError) -> bool {
    told(error).any(|told| NOT_NOW.iter().any(|code| says(&told, code)))
}

/// Nobody has answered in time.
pub(super) fn silence(patience: Duration) -> RedisError {
    let text = format!("Redis did not answer within {patience:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

/// What the server has said, command by command.
fn told(error: &RedisError) -> impl Iterator<Item = ServerError> {
    let told = error.clone().into_server_errors();
    told.into_iter().flat_map(|told| {
        told.iter()
            .map(|(_, error)| error.clone())
            .collect::<Vec<_>>()
    })
}

/// A script's error may carry the code of the command that failed in its text.
fn says(error: &ServerError, code: &str) -> bool {
    error.code() == code
        || error
            .details()
            .is_some_and(|text| text.contains(&format!("-{code} ")))
}
