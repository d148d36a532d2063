//! The outermost layer: gives each request an id, and every error answer the shape that its client reads,
//! problem details or the Go system's plain text. A failure inside is logged here, once, with its causes.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use proctor_api::Problem;
use tracing::{debug, error};
use uuid::Uuid;

use super::error::ApiError;
use super::protect::protect;
use crate::telemetry::chain;

const PROBLEM_JSON: &str = "application/problem+json";
/// When it is worth asking again for what is not available now.
const RETRY_AFTER_SECS: &str = "2";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

/// Shapes errors and names the request.
///
/// # Errors
/// Only those of the framework that are no answers; every other failure inside is shaped here.
pub async fn shape_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId(Uuid::new_v4().to_string());
    request.extensions_mut().insert(id.clone());
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(shaped) = shape(&response, &id) {
        response = ServiceResponse::new(response.request().clone(), shaped);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    protect(&mut response);
    let request = response.request();
    debug!(request.id = id.0, method = %request.method(), path = request.path(), status = response.status().as_u16());
    Ok(response)
}

fn shape(response: &ServiceResponse<BoxBody>, id: &RequestId) -> Option<HttpResponse> {
    let cause = response.response().error()?;
    let headers = response.request().headers();
    let Some(error) = cause.as_error::<ApiError>() else {
        return Some(shape_foreign(response.status(), cause, headers, id));
    };
    // What is not ready is logged when it changes, and that nobody can be known once in a while, not at every request.
    let is_told = matches!(error, ApiError::NotReady(_) | ApiError::Unproven(_));
    if error.problem().status >= 500 && !is_told {
        error!(
            request.id = id.0,
            path = response.request().path(),
            error = chain(error),
            "failed to answer"
        );
    }
    let mut shaped = if reads_json(headers) {
        problem(error.problem(), id)
    } else {
        let (status, text) = error.plain();
        HttpResponse::build(status)
            .content_type("text/plain; charset=utf-8")
            .body(text)
    };
    if shaped.status() == StatusCode::SERVICE_UNAVAILABLE {
        let headers = shaped.headers_mut();
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from_static(RETRY_AFTER_SECS),
        );
    }
    if let Some((name, value)) = told_in_header(error) {
        shaped.headers_mut().insert(name, value);
    }
    Some(shaped)
}

/// What else the client needs to do better.
fn told_in_header(error: &ApiError) -> Option<(HeaderName, HeaderValue)> {
    match error {
        ApiError::WrongMethod { allow } => {
            let allow = HeaderValue::from_str(allow).ok()?;
            Some((header::ALLOW, allow))
        }
        ApiError::Unauthenticated(_) => {
            Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
        }
        ApiError::TooMany(refused) => {
            let secs = refused.wait.as_secs_f64().ceil() as u64;
            Some((header::RETRY_AFTER, HeaderValue::from(secs.max(1))))
        }
        _ => None,
    }
}

/// An error of the framework itself, such as a handshake that is none.
fn shape_foreign(
    status: StatusCode,
    cause: &Error,
    headers: &HeaderMap,
    id: &RequestId,
) -> HttpResponse {
    let detail = if status.is_server_error() {
        error!(request.id = id.0, error = %cause, "failed to answer");
        String::new()
    } else {
        cause.to_string()
    };
    if !reads_json(headers) {
        return HttpResponse::build(status)
            .content_type("text/plain; charset=utf-8")
            .body(detail);
    }
    let title = status.canonical_reason().unwrap_or("Error").to_owned();
    let kind = "about:blank".to_owned();
    problem(
        Problem {
            kind,
            title,
            status: status.as_u16(),
            detail,
            ..Problem::default()
        },
        id,
    )
}

fn problem(mut problem: Problem, id: &RequestId) -> HttpResponse {
    problem.instance.clone_from(&id.0);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, PROBLEM_JSON))
        .json(problem)
}

/// Whether the client names JSON among what it accepts; `*/*` names nothing.
pub(super) fn reads_json(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|kind| {
            let kind = kind.trim();
            kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case(PROBLEM_JSON)
        })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};

    use super::reads_json;

    fn accepting(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_a_client_that_names_json_gets_problems() {
        for json in [
            "application/json",
            "text/html, application/problem+json;q=0.5",
            "Application/JSON",
        ] {
            assert!(reads_json(&accepting(json)), "{json}");
        }
        for plain in ["*/*", "text/plain", "application/*", "application/jsonx"] {
            assert!(!reads_json(&accepting(plain)), "{plain}");
        }
        assert!(!reads_json(&HeaderMap::new()));
    }
}
