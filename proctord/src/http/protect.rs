//! Headers by which an answer protects whoever reads it in a browser, and keeps out of caches.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Answers are data: a browser must not take one for a page, frame it, or load anything for it.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds the headers to an answer; a page that says something else keeps its word.
pub(super) fn protect(headers: &mut HeaderMap) {
    let mut unless_set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(header::CONTENT_SECURITY_POLICY, NOTHING);
    unless_set(header::REFERRER_POLICY, "no-referrer");
    // Args, logs and the names of secrets are nothing for caches on the way.
    unless_set(header::CACHE_CONTROL, "no-store");
}
