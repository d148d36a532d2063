//! Reads bodies within bounds. A body that is too long is still read to a point, so that its sender gets to
//! see the answer instead of a broken connection.

mod distinct;

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use super::Settings;
use super::error::ApiError;
use distinct::Distinct;

/// The most bytes of a JSON body.
const JSON_LIMIT: usize = 1024 * 1024;
/// How many times the limit is read before the connection is cut.
const PATIENCE: usize = 16;

/// The body of a request, not read yet.
pub(super) struct Body {
    payload: Payload,
    /// How long it may take to arrive.
    timeout: Duration,
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let settings = request.app_data::<web::Data<Settings>>();
        ready(Ok(Self {
            payload: payload.take(),
            timeout: settings.map_or(Settings::BODY_TIMEOUT, |settings| settings.body_timeout),
        }))
    }
}

impl Body {
    /// The whole body, of at most `limit` bytes.
    pub(super) async fn read(self, limit: usize) -> Result<Bytes, ApiError> {
        tokio::time::timeout(self.timeout, read_all(self.payload, limit))
            .await
            .map_err(|_| ApiError::TooSlow)?
    }

    /// The body as JSON; `plain` is what the Go system said to a body that it could not read.
    pub(super) async fn json<T: DeserializeOwned>(
        self,
        plain: &'static str,
    ) -> Result<T, ApiError> {
        parse(&self.read(JSON_LIMIT).await?).map_err(|error| unreadable(&error, plain))
    }

    /// As `object`, for bodies that may be left out.
    pub(super) async fn object_or_nothing<T: DeserializeOwned + Default>(
        self,
        plain: &'static str,
    ) -> Result<T, ApiError> {
        let body = self.read(JSON_LIMIT).await?;
        if body.is_empty() {
            return Ok(T::default());
        }
        parse_object(&body).map_err(|error| unreadable(&error, plain))
    }

    /// The body as a JSON object; a list in its place is refused, though it could be read field by field.
    pub(super) async fn object<T: DeserializeOwned>(
        self,
        plain: &'static str,
    ) -> Result<T, ApiError> {
        parse_object(&self.read(JSON_LIMIT).await?).map_err(|error| unreadable(&error, plain))
    }

    /// As `object`, for bodies that hold secrets: what is wrong is told without a word of the body.
    pub(super) async fn sealed_object<T: DeserializeOwned>(
        self,
        plain: &'static str,
    ) -> Result<T, ApiError> {
        parse_object(&self.read(JSON_LIMIT).await?).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let detail = format!("the body is not as expected at line {line}, column {column}");
            ApiError::Unreadable { detail, plain }
        })
    }
}

async fn read_all(mut payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
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

/// Bytes as JSON in which no object says a thing twice.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<Distinct>(body)?;
    serde_json::from_slice(body)
}

/// Bytes as a JSON object. A list would be read field by field, as an object whose names nobody wrote.
fn parse_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    parse::<serde_json::Map<String, serde_json::Value>>(body)?;
    serde_json::from_slice(body)
}

fn unreadable(error: &serde_json::Error, plain: &'static str) -> ApiError {
    ApiError::Unreadable {
        detail: format!("the body is not as expected: {error}"),
        plain,
    }
}
