//! Keeps other people's web pages out while authentication is off: a browser on the same machine would
//! otherwise run procs for any page that asks. It looks at Host, Origin and Sec-Fetch-Site, nothing else.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::Settings;
use super::error::ApiError;

/// Paths that answer under any Host, for probes and scrapers.
const OPEN_PATHS: [&str; 4] = ["/ping", "/healthz", "/readyz", "/metrics"];
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The names, besides loopback, by which the service may be addressed.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(pub Vec<String>);

impl AllowedHosts {
    /// Whether a Host or the authority of an Origin names this service.
    fn contain(&self, authority: &str) -> bool {
        let host = host_of(authority);
        is_loopback(host)
            || self.0.iter().any(|allowed| {
                allowed.eq_ignore_ascii_case(authority) || allowed.eq_ignore_ascii_case(host)
            })
    }
}

/// Refuses requests that a foreign page made, or that reached us under a foreign name.
///
/// # Errors
/// Whatever comes from inside; the refusal is an answer.
pub async fn refuse_foreign_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let settings = request.app_data::<web::Data<Settings>>();
    // Without settings nothing is allowed that need not be.
    let allowed = settings.map_or_else(
        || Some(AllowedHosts::default()),
        |settings| settings.allowed_hosts.clone(),
    );
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let host = host.or_else(|| request.uri().host()).unwrap_or_default();
    let foreign =
        allowed.and_then(|allowed| foreign(&allowed, request.path(), host, request.headers()));
    match foreign {
        Some(what) => Ok(request.error_response(ApiError::Foreign(what))),
        None => next
            .call(request)
            .await
            .map(ServiceResponse::map_into_boxed_body),
    }
}

/// What is foreign about a request, if anything.
fn foreign(allowed: &AllowedHosts, path: &str, host: &str, headers: &HeaderMap) -> Option<String> {
    if headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|value| value.as_bytes() == b"cross-site")
    {
        return Some("Sec-Fetch-Site is cross-site".to_owned());
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or("unreadable");
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let same = authority.is_some_and(|authority| {
            authority.eq_ignore_ascii_case(host) || allowed.0.iter().any(|name| name == authority)
        });
        if !same {
            return Some(format!("Origin is {origin}, not {host}"));
        }
    }
    let named = OPEN_PATHS.contains(&path) || allowed.contain(host);
    (!named).then(|| format!("Host is {host}; set PROCTOR_ALLOWED_HOSTS to serve under that name"))
}

pub(super) fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{AllowedHosts, foreign};

    fn is_foreign(path: &str, host: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let allowed = AllowedHosts(vec!["proctor.example.com".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        foreign(&allowed, path, host, &map).is_some()
    }

    #[test]
    fn loopback_and_allowed_names_are_served() {
        for host in [
            "localhost:5001",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:5001",
            "proctor.example.com:80",
        ] {
            assert!(!is_foreign("/metadata", host, &[]), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.example",
            "10.0.0.1",
            "",
        ] {
            assert!(is_foreign("/metadata", host, &[]), "{host}");
        }
        assert!(!is_foreign("/ping", "evil.example", &[]));
    }

    #[test]
    fn other_pages_are_refused_even_on_this_machine() {
        let host = "127.0.0.1:5001";
        assert!(!is_foreign(
            "/",
            host,
            &[("origin", "http://127.0.0.1:5001")]
        ));
        for origin in [
            "http://evil.example",
            "http://127.0.0.1:3000",
            "null",
            "https://127.0.0.1:5001.evil.example",
        ] {
            assert!(is_foreign("/", host, &[("origin", origin)]), "{origin}");
        }
        assert!(is_foreign(
            "/ping",
            host,
            &[("sec-fetch-site", "cross-site")]
        ));
        assert!(!is_foreign("/", host, &[("sec-fetch-site", "same-origin")]));
        assert!(!is_foreign("/", host, &[("sec-fetch-site", "none")]));
    }
}
