//! Idempotency keys as they are sent: one request, however often it comes, is asked under one of them.

use actix_web::http::header::HeaderMap;
use proctor_api::{IDEMPOTENCY_HEADER, Mistake};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use crate::store::{Idempotency, StoreError};

const KEY_LIMIT: usize = 255;

/// The key by which a repeated request finds what the first one has made.
pub(super) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Mistake> {
    match headers.get(IDEMPOTENCY_HEADER).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(key)) if !key.is_empty() && key.len() <= KEY_LIMIT => Ok(Some(key.to_owned())),
        Some(_) => {
            let message = format!("must be 1 to {KEY_LIMIT} ASCII characters");
            Err(Mistake::new(IDEMPOTENCY_HEADER, message))
        }
    }
}

/// The same, with what the request asks for: requests that mean the same are equal in it.
pub(super) fn of_request(
    headers: &HeaderMap,
    meaning: &impl Serialize,
) -> Result<Option<Idempotency>, ApiError> {
    let key = key_of(headers).map_err(|mistake| invalid(vec![mistake]))?;
    let Some(key) = key else { return Ok(None) };
    let text = serde_json::to_string(meaning).map_err(|error| StoreError::Unavailable {
        doing: "put a request in words",
        source: error.into(),
    })?;
    let digest = Sha256::digest(text);
    Ok(Some(Idempotency {
        key,
        request_digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }))
}

pub(super) fn invalid(mistakes: Vec<Mistake>) -> ApiError {
    ApiError::Invalid {
        detail: "the request has mistakes".to_owned(),
        mistakes,
    }
}
