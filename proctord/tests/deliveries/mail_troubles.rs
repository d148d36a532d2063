//! Mails where something is in their way: nothing is lost, nothing is sent in the clear, and one address stands in the
//! way of no other.

use std::collections::BTreeSet;

use proctor_testkit::{Authority, MailServer, MailServerOptions};

use crate::mails::{mails, plain, scene};

#[tokio::test]
async fn one_that_is_refused_or_slow_stops_no_other() {
    let server = MailServer::start(MailServerOptions::default());
    let scene = scene(&plain(&server), &[]).await;
    let to = [
        "slow@example.com",
        "refused@example.com",
        "busy@example.com",
        "ann@example.com",
    ];
    let id = scene.run_for(&to, 0).await;

    scene.delivered(id, "ann@example.com").await;
    let refused = scene
        .delivery(id, "refused@example.com", |one| one["state"] == "dead")
        .await;
    let busy = scene.failed(id, "busy@example.com").await;

    let error = refused["last_error"].as_str().unwrap();
    assert!(error.contains("no such user"), "{error}");
    assert_eq!(refused["attempts"], 1);
    assert!(busy.contains("come again later"), "{busy}");
    for address in ["slow@example.com", "busy@example.com"] {
        let waits = |one: &serde_json::Value| one["state"] == "pending";
        scene.delivery(id, address, waits).await;
    }
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_text_does_not_have_the_mail_sent_again_and_again() {
    let server = MailServer::start(MailServerOptions::default());
    let scene = scene(&plain(&server), &[]).await;
    let id = scene.run_for(&["latin@example.com"], 0).await;

    let given_up = scene
        .delivery(id, "latin@example.com", |one| one["state"] == "dead")
        .await;

    let error = given_up["last_error"].as_str().unwrap();
    assert!(error.contains("nobody knows whether it took"), "{error}");
    assert_eq!(given_up["attempts"], 1);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn what_is_caused_while_the_server_is_down_comes_when_it_is_up() {
    let mut server = MailServer::start(MailServerOptions::default());
    server.kill();
    let scene = scene(&plain(&server), &[]).await;
    let id = scene.run_for(&["ann@example.com"], 0).await;
    let error = scene.failed(id, "ann@example.com").await;

    server.start_again();
    scene.delivered(id, "ann@example.com").await;

    assert!(error.contains("did not let us connect"), "{error}");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn killed_between_sending_and_storing_the_repeat_has_the_same_message_id() {
    let server = MailServer::start(MailServerOptions::default());
    let crash = [("PROCTOR_FAIL_POINTS", "deliver.sent=crash")];
    let mut scene = scene(&plain(&server), &crash).await;
    let id = scene.run_for(&["ann@example.com"], 0).await;
    scene.proctord.wait();
    mails(&server, 1).await;

    let scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "")]);
    let delivery = scene.delivered(id, "ann@example.com").await;

    let mails = server.mails();
    let ids: BTreeSet<_> = mails
        .iter()
        .map(|mail| mail["headers"]["message-id"].as_str().unwrap())
        .collect();
    assert_eq!((mails.len(), ids.len()), (2, 1));
    let expected = format!("<{}@example.com>", delivery["id"].as_str().unwrap());
    assert!(ids.contains(expected.as_str()), "{ids:?}");
}

#[tokio::test]
async fn without_the_protection_that_is_wanted_nothing_is_sent() {
    let authority = Authority::new();
    let trusted = authority.path().display().to_string();
    let stranger = Authority::new();
    for (options, word) in [
        (MailServerOptions::default(), "STARTTLS"),
        (
            MailServerOptions {
                tls: Some(("starttls", stranger.certify(&["localhost"]))),
                login: None,
            },
            "certificate",
        ),
        (
            MailServerOptions {
                tls: Some(("starttls", authority.certify(&["other.example"]))),
                login: None,
            },
            "certificate",
        ),
    ] {
        let server = MailServer::start(options);
        let port = server.port().to_string();
        let variables = [
            ("PROCTOR_MAIL_SERVER_HOST", "localhost"),
            ("PROCTOR_MAIL_SERVER_PORT", port.as_str()),
            ("PROCTOR_MAIL_FROM", "proctor@example.com"),
            ("SSL_CERT_FILE", trusted.as_str()),
        ];
        let scene = scene(&[], &variables).await;
        let id = scene.run_for(&["ann@example.com"], 0).await;

        let error = scene.failed(id, "ann@example.com").await;

        assert!(error.contains(word), "{word}: {error}");
        assert_eq!(server.mails(), Vec::<serde_json::Value>::new());
        assert_eq!(scene.deliveries(id).await[0]["state"], "pending");
    }
}
