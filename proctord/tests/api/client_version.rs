//! The gate of V2 §1.2: clients below `PROCTOR_MIN_CLIENT_VERSION` are told to upgrade.

use reqwest::Method;

use crate::support::{Service, send};

const OLD: &str = "Your Proctor client is using an outdated version: 2.0.7. To continue using proctor, please \
                   upgrade to latest version.";
const INVALID: &str = "Your Proctor client config is Invalid. Please contact your Proctor Administrator. Error: \
                       Minimum Client Version Config is Missing";

fn gated() -> Service {
    Service::with(&[("PROCTOR_MIN_CLIENT_VERSION", "v2.0.8")])
}

#[tokio::test]
async fn an_old_client_is_told_to_upgrade_on_every_route_but_the_probes() {
    let service = gated();

    for (method, path, open) in [
        (Method::GET, "/metadata", false),
        (Method::POST, "/execution", false),
        (Method::GET, "/execution/logs?context_id=1", false),
        (Method::PUT, "/secret/a/B", false),
        (Method::GET, "/ping", false),
        (Method::GET, "/whoami", false),
        (Method::GET, "/nowhere", false),
        (Method::GET, "/healthz", true),
        (Method::GET, "/readyz", true),
        (Method::GET, "/metrics", true),
    ] {
        let request = service.plain(method.clone(), path);
        let plain = send(request.header("Client-Version", "v2.0.7")).await;
        let request = service.json(method, path);
        let json = send(request.header("Client-Version", "v2.0.7")).await;

        if open {
            assert_eq!(plain.status, 200, "{path}: {plain:?}");
            continue;
        }
        assert_eq!((plain.status.as_u16(), plain.body.as_str()), (400, OLD));
        assert_eq!(json.status, 400, "{path}");
        assert_eq!(json.json()["type"], "/problems/old-client", "{path}");
    }
}

#[tokio::test]
async fn versions_are_read_as_leniently_as_the_go_system_does() {
    let service = gated();

    for (version, text) in [
        ("v2.0.8", ""),
        ("2.0.8", ""),
        ("v3", ""),
        ("2.1.0-beta", ""),
        ("2.0.8+local", ""),
        ("", ""),
        ("v2.0.7", OLD),
        ("latest", INVALID),
        ("v2.0.8;x", INVALID),
        ("caf\u{e9}", INVALID),
    ] {
        let request = service.plain(Method::GET, "/ping");
        let answer = send(request.header("Client-Version", version)).await;
        let told = if answer.status == 200 {
            ""
        } else {
            &answer.body
        };
        assert_eq!(told, text, "{version}");
    }
}

/// S8: the gate is passed by whoever leaves the header out. It still is: scripts have no version, and nothing is
/// protected by it; rights are asked for apart from it.
#[tokio::test]
async fn s8_a_client_without_a_version_is_let_through_on_purpose() {
    assert_eq!(gated().get("/metadata").await.status, 200);
}

#[tokio::test]
async fn without_a_least_version_nobody_is_asked() {
    let service = Service::start();

    let request = service.plain(Method::GET, "/ping");
    let answer = send(request.header("Client-Version", "ancient")).await;

    assert_eq!(answer.status, 200);
}
