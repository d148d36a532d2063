//! The gate that old clients do not pass: a client that tells a version below the least one is told to upgrade.
//! One that tells none is let through, as in the Go system; the gate is a courtesy and protects nothing.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use proctor_api::CLIENT_VERSION_HEADER;

use super::Settings;
use super::error::ApiError;
use crate::domain::version::Version;

/// Paths for probes and scrapers, which have no version.
const OPEN_PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Refuses clients that are too old.
///
/// # Errors
/// Whatever comes from inside; the refusal is an answer.
pub async fn refuse_old_clients(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match refusal(&request) {
        Some(refusal) => Ok(request.error_response(refusal)),
        None => next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body),
    }
}

fn refusal(request: &ServiceRequest) -> Option<ApiError> {
    let settings = request.app_data::<web::Data<Settings>>()?;
    let least = settings.min_client_version.as_ref()?;
    let told = request.headers().get(CLIENT_VERSION_HEADER)?;
    if told.is_empty() || OPEN_PATHS.contains(&request.path()) {
        return None;
    }
    match told.to_str().ok().map(str::parse::<Version>) {
        Some(Ok(version)) => version
            .is_older_than(least)
            .then_some(ApiError::OldClient(version)),
        _ => Some(ApiError::BadClientVersion),
    }
}
