//! Routes of secrets, one file per action. Values come in and never go out.

mod replace;
mod set;

pub(super) use replace::replace;
pub(super) use set::set;

use proctor_api::Mistake;

use super::error::ApiError;
use crate::domain::args::VALUE_LIMIT_BYTES;

/// What keeps a value from being a secret: it could not be in a process's environment.
fn value_mistake(at: String, value: &str) -> Option<Mistake> {
    if value.contains('\0') {
        return Some(Mistake::new(at, "must not contain a NUL byte"));
    }
    (value.len() > VALUE_LIMIT_BYTES).then(|| {
        Mistake::new(
            at,
            format!(
                "has {} bytes, at most {VALUE_LIMIT_BYTES} are taken",
                value.len()
            ),
        )
    })
}

fn invalid(mistakes: Vec<Mistake>) -> ApiError {
    ApiError::Invalid {
        detail: "the secrets have mistakes".to_owned(),
        mistakes,
    }
}
