//! Reads bodies within bounds. A body that is too long is still read to a point, so that its sender gets to
//! see the answer instead of a broken connection.

use std::time::Duration;

use actix_web::web;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The most bytes of a JSON body.
pub(super) const JSON_LIMIT: usize = 1024 * 1024;
/// How many times the limit is read before the connection is cut.
const PATIENCE: usize = 16;
/// How long a body may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The whole body, of at most `limit` bytes.
pub(super) async fn read(payload: web::Payload, limit: usize) -> Result<Bytes, ApiError> {
    tokio::time::timeout(TIME_LIMIT, read_all(payload, limit))
        .await
        .map_err(|_| ApiError::TooSlow)?
}

async fn read_all(mut payload: web::Payload, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| ApiError::Unreadable {
            detail: format!("the body broke off: {error}"),
            plain: "malformed request",
        })?;
        seen = seen.saturating_add(chunk.len());
        if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
        if seen <= limit {
            body.extend_from_slice(&chunk);
        }
    }
    if seen > limit {
        Err(ApiError::TooLarge { limit })
    } else {
        Ok(body.freeze())
    }
}

/// The body as JSON; `plain` is what the Go system said to a body that it could not read.
pub(super) async fn json<T: DeserializeOwned>(
    payload: web::Payload,
    plain: &'static str,
) -> Result<T, ApiError> {
    let body = read(payload, JSON_LIMIT).await?;
    parse(&body, plain)
}

/// The body as a JSON object; a list in its place is refused, though it could be read field by field.
pub(super) async fn object<T: DeserializeOwned>(
    payload: web::Payload,
    plain: &'static str,
) -> Result<T, ApiError> {
    let body = read(payload, JSON_LIMIT).await?;
    parse_object(&body, plain)
}

/// Bytes as a JSON object.
pub(super) fn parse_object<T: DeserializeOwned>(
    body: &[u8],
    plain: &'static str,
) -> Result<T, ApiError> {
    parse::<serde_json::Map<String, serde_json::Value>>(body, plain)?;
    parse(body, plain)
}

/// Bytes as JSON.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8], plain: &'static str) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::Unreadable {
        detail: format!("the body is not as expected: {error}"),
        plain,
    })
}

/// As `json`, for bodies that hold secrets: what is wrong is told without a word of the body.
pub(super) async fn sealed_json<T: DeserializeOwned>(
    payload: web::Payload,
    plain: &'static str,
) -> Result<T, ApiError> {
    let body = read(payload, JSON_LIMIT).await?;
    serde_json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body is not as expected at line {line}, column {column}");
        ApiError::Unreadable { detail, plain }
    })
}
