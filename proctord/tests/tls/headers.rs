//! What answers say to browsers.

use crate::support::{Service, ask};

const HSTS: &str = "strict-transport-security: max-age=31536000";

#[test]
fn a_browser_is_told_to_come_by_tls_alone_but_not_for_localhost() {
    let service = Service::with(&[("PROCTOR_ALLOWED_HOSTS", "proctor.example")]);

    let by_name = ask(service.connect(), "/metadata", "Host: proctor.example\r\n");
    let refused = ask(service.connect(), "/nowhere", "Host: proctor.example\r\n");
    let on_loopback = ask(service.connect(), "/metadata", "Host: localhost:5001\r\n");

    assert!(by_name.to_lowercase().contains(HSTS), "{by_name}");
    assert!(refused.to_lowercase().contains(HSTS), "{refused}");
    assert!(on_loopback.starts_with("HTTP/1.1 200"), "{on_loopback}");
    assert!(
        !on_loopback.to_lowercase().contains("strict-transport"),
        "{on_loopback}"
    );
}

#[tokio::test]
async fn no_page_of_others_is_let_in_by_a_preflight() {
    let service = Service::start();

    for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        let preflight = service
            .client()
            .request(reqwest::Method::OPTIONS, service.url("/execution"))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "content-type, access-token",
            )
            .send()
            .await
            .unwrap();
        assert_eq!(preflight.status(), 403, "{origin}");
        let opened = preflight
            .headers()
            .keys()
            .find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(opened, None, "{origin}");
    }
}
