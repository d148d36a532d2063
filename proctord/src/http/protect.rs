//! Headers by which an answer protects whoever reads it in a browser, and keeps out of caches.

use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::guard::{host_of, is_loopback};

/// Answers are data: a browser must not take one for a page, frame it, or load anything for it.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// For a year from each answer on, this host is asked by TLS alone.
const TLS_ALONE: &str = "max-age=31536000";

/// Adds the headers to an answer; a page that says something else keeps its word.
pub(super) fn protect(response: &mut ServiceResponse<BoxBody>) {
    let insists = insists_on_tls(response.request());
    let headers = response.headers_mut();
    unless_set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(headers, header::CONTENT_SECURITY_POLICY, NOTHING);
    unless_set(headers, header::REFERRER_POLICY, "no-referrer");
    // Args, logs and the names of secrets are nothing for caches on the way.
    unless_set(headers, header::CACHE_CONTROL, "no-store");
    if insists {
        unless_set(headers, header::STRICT_TRANSPORT_SECURITY, TLS_ALONE);
    }
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A browser remembers it for the whole host: said of localhost, it would cut off whatever else a developer runs.
fn insists_on_tls(request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|value| value.to_str().ok());
    request.app_config().secure() && !host.is_some_and(|host| is_loopback(host_of(host)))
}
