//! Routes of secrets, one file per action. Values come in and never go out.

mod list;
mod remove;
mod replace;
mod set;

pub(super) use list::list;
pub(super) use remove::remove;
pub(super) use replace::replace;
pub(super) use set::set;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use proctor_api::{Mistake, SecretAnswer};

use super::error::ApiError;
use super::render::reads_json;
use crate::domain::environment::secret_flaw;
use crate::logs::mask;

/// What keeps a value from being a secret: it could not be in a process's environment.
fn value_mistake(at: String, value: &str) -> Option<Mistake> {
    secret_flaw(value).map(|flaw| Mistake::new(at, flaw))
}

/// What the author of a value should know about it.
fn value_warning(name: &str, value: &str) -> Option<String> {
    (!mask::is_masked(value)).then(|| {
        format!(
            "{name} is not masked in logs: only values of {} bytes and more are",
            mask::SHORTEST_BYTES
        )
    })
}

/// Success; a client that reads JSON is told the warnings, if there are any.
fn done(silent: StatusCode, warnings: Vec<String>, headers: &HeaderMap) -> HttpResponse {
    if warnings.is_empty() || !reads_json(headers) {
        return HttpResponse::new(silent);
    }
    let told = match silent {
        StatusCode::NO_CONTENT => StatusCode::OK,
        other => other,
    };
    HttpResponse::build(told).json(SecretAnswer { warnings })
}

fn invalid(mistakes: Vec<Mistake>) -> ApiError {
    ApiError::Invalid {
        detail: "the secrets have mistakes".to_owned(),
        mistakes,
    }
}
