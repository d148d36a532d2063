//! What comes back from servers that behave and from servers that do not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::time::Duration;

use proctor_plugin_http::{Address, Client};
use proctor_testkit::{WebAnswer, WebServer};

fn client() -> Client {
    Client::new("tester", Duration::from_secs(10), 8)
}

fn address(server: &WebServer, path: &str) -> Address {
    Address::parse(&server.url(path)).unwrap()
}

#[test]
fn what_is_asked_arrives_and_the_answer_comes_back_whatever_its_status() {
    let server = WebServer::start(|request| match &*request.method {
        "GET" => WebAnswer::json("{}"),
        _ => WebAnswer::status(429, "later").with("Retry-After", "30"),
    });

    let got = client()
        .get(&address(&server, "/a"), &[("email", "a+b c@x&y")])
        .unwrap();
    let posted = client()
        .post(&address(&server, "/b"), &[("X-Id", "7")], b"[1]")
        .unwrap();

    assert!(got.is_success());
    assert_eq!(
        (got.status, &*got.body, got.is_cut),
        (200, &b"{}"[..], false)
    );
    assert_eq!(posted.status, 429);
    assert_eq!(posted.retry_after.as_deref(), Some("30"));
    let [get, post] = &server.asked()[..] else {
        panic!("two requests: {:?}", server.asked());
    };
    assert_eq!(get.target, "/a?email=a%2Bb%20c%40x%26y");
    assert_eq!(get.header("accept"), Some("application/json"));
    assert_eq!(get.header("user-agent"), Some("proctor-tester/3.0.0"));
    assert_eq!((&*post.target, &*post.body), ("/b", &b"[1]"[..]));
    assert_eq!(post.header("x-id"), Some("7"));
    assert_eq!(post.header("content-type"), Some("application/json"));
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let server = WebServer::start(|_| WebAnswer::status(302, "").with("Location", "/elsewhere"));

    let answer = client().get(&address(&server, "/"), &[]).unwrap();

    assert_eq!(answer.status, 302);
    assert!(!answer.is_success());
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_long_answer_is_cut() {
    let server = WebServer::start(|_| WebAnswer::status(500, "line\nand more".repeat(10_000)));

    let answer = client().get(&address(&server, "/"), &[]).unwrap();

    assert!(answer.is_cut);
    assert_eq!(answer.body, b"line\nand");
    assert_eq!(answer.excerpt(100), "line and…");
    assert_eq!(answer.excerpt(2), "li…");
}

#[test]
fn silence_ends_in_time_and_no_failure_tells_the_path() {
    let server = WebServer::start(|_| WebAnswer::Silence);
    let hasty = Client::new("tester", Duration::from_millis(200), 8);
    let silent = hasty.get(&address(&server, "/hush"), &[]).unwrap_err();
    let gone = {
        let server = WebServer::start(|_| WebAnswer::json(""));
        address(&server, "/hush")
    };
    let refused = client().get(&gone, &[]).unwrap_err();

    let origin = server.url("");
    assert_eq!(
        silent.to_string(),
        format!("{origin} cannot be asked: no whole answer in time")
    );
    let refused = refused.to_string();
    assert!(refused.contains("cannot be asked"), "{refused}");
    assert!(!refused.contains("hush"), "{refused}");
}
