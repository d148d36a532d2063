//! Bounds on the head of a request. What is longer than the server's own buffer never gets here; the server
//! answers it with 431 and no body.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::error::ApiError;

const URL_LIMIT: usize = 8 * 1024;
const HEADER_LIMIT: usize = 64;
/// The most bytes of all headers together, names and values.
const HEADERS_LIMIT_BYTES: usize = 32 * 1024;

/// Refuses requests whose head is too large.
///
/// # Errors
/// Whatever comes from inside; the refusal is an answer.
pub async fn refuse_what_is_too_large(
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
    let url = request
        .uri()
        .path_and_query()
        .map_or(0, |text| text.as_str().len());
    if url > URL_LIMIT {
        return Some(ApiError::LongUrl { limit: URL_LIMIT });
    }
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    (headers.len() > HEADER_LIMIT || bytes > HEADERS_LIMIT_BYTES).then_some(ApiError::LargeHead {
        headers: HEADER_LIMIT,
        bytes: HEADERS_LIMIT_BYTES,
    })
}
