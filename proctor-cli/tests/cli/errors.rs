use serde_json::json;
use tokio::net::TcpListener;

use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::problem;

#[tokio::test]
async fn a_server_that_is_down_is_a_network_error_for_every_command() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let user = User::new().with("PROCTOR_HOST", &address);
    let proc = user.write("proc.yaml", "name: a\n");

    for (args, code) in [
        (vec!["list"], 1),
        (vec!["describe", "x"], 1),
        (vec!["execute", "x"], 125),
        (vec!["logs", "1"], 125),
        (vec!["status", "1"], 1),
        (vec!["stop", "1"], 1),
        (vec!["history"], 1),
        (vec!["publish", &proc], 1),
    ] {
        let ended = user
            .run(&args)
            .await
            .expect_code(code)
            .expect_said("Network Error!!!")
            .expect_said(&address);
        assert!(ended.stdout.is_empty(), "{args:?}: {ended:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_timeout() {
    let stub = Stub::start(|_| Reply::Hang).await;
    let user = User::of(&stub).with("CONNECTION_TIMEOUT_SECS", "1");

    for args in [["list", "-otext"], ["logs", "1"]] {
        let ended = user.run(&args).await;
        assert!(ended.stderr.contains("Connection Timeout!!!"), "{ended:?}");
    }
}

#[tokio::test]
async fn credentials_network_and_service_are_told_apart() {
    for (reply, said) in [
        (
            problem(401, json!({})),
            "EMAIL_ID or ACCESS_TOKEN is not present in proctor config file.",
        ),
        (
            problem(403, json!({"detail": "needs the group ops"})),
            "Access Denied : You are Not Authorized to Perform this action.\nneeds the group ops",
        ),
        (
            problem(500, json!({"instance": "req-7"})),
            "Server Error!!!\nStatus Code: 500, Internal Server Error\nWhoever runs proctord finds more in its log under request req-7.",
        ),
        (
            problem(503, json!({"detail": "the catalog is away"})),
            "Status Code: 503, Service Unavailable\nthe catalog is away",
        ),
        (
            Reply::Text(404, "<html>nginx\u{1b}</html>"),
            "Status Code: 404, Not Found\n<html>nginx\\u{1b}</html>",
        ),
        (Reply::Text(302, ""), "Status Code: 302, Found"),
        (
            Reply::Text(200, "<html>a portal</html>"),
            "cannot be understood",
        ),
    ] {
        let stub = Stub::start(move |_| reply.clone()).await;
        User::of(&stub)
            .run(&["list"])
            .await
            .expect_code(1)
            .expect_said(said);
    }

    let stub = Stub::start(|_| problem(401, json!({}))).await;
    User::of(&stub)
        .with("EMAIL_ID", "a@b")
        .with("ACCESS_TOKEN", "old")
        .run(&["list"])
        .await
        .expect_code(1)
        .expect_said("Please check the EMAIL_ID and ACCESS_TOKEN validity");
}

#[tokio::test]
async fn an_unknown_proc_is_told_as_v2_told_it() {
    let stub = Stub::start(|_| {
        problem(
            404,
            json!({"type": "/problems/unknown-proc", "detail": "no proc x"}),
        )
    })
    .await;
    let user = User::of(&stub);
    let text = "Proctor doesn't support Proc `x`\nRun `proctor list` to view supported Procs\n";

    for (args, code) in [(["describe", "x"], 1), (["execute", "x"], 125)] {
        user.run(&args).await.expect_code(code).expect_said(text);
    }
    user.run(&["status", "5"])
        .await
        .expect_code(1)
        .expect_said("no proc x");
}

#[tokio::test]
async fn a_name_that_is_no_segment_of_an_address_reaches_no_other_route() {
    let stub = Stub::start(|_| Reply::Text(200, "[]")).await;

    User::of(&stub)
        .run(&["describe", ".."])
        .await
        .expect_code(1);

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_usage_error() {
    let user = User::new();
    for args in [
        vec!["frobnicate"],
        vec!["execute"],
        vec!["logs", "seven"],
        vec!["history", "--status", "DONE"],
        vec!["secret", "set", "p", "k", "a-value"],
        vec!["list", "-o", "xml"],
    ] {
        user.run(&args).await.expect_code(2);
    }
    let help = user.run(&["execute", "--help"]).await.expect_code(0);
    assert!(help.stdout().contains("128+n"), "{}", help.stdout());
}
