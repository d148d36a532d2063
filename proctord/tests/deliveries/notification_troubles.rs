//! The Slack and the webhook plugin where a receiver is in their way: nothing is lost, and what comes again is known by its
//! id or its text.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use proctor_testkit::{WebAnswer, WebServer, plugin, wait_for_async};

use crate::scene::Scene;

const PLUGINS: [&str; 2] = ["slack-notification-plugin", "webhook-notification-plugin"];
/// Created, started and finished.
const EVENTS: usize = 3;

async fn telling(name: &str, server: &WebServer) -> Scene {
    let library = plugin(name).display().to_string();
    let url = server.url("/events");
    Scene::with(&[
        ("PROCTOR_NOTIFICATION_PLUGIN_BINARY", &library),
        ("SLACK_PLUGIN_URL", &url),
        ("SLACK_PLUGIN_TIMEOUT_SECONDS", "1"),
        ("WEBHOOK_PLUGIN_URL", &url),
        ("WEBHOOK_PLUGIN_ALLOW_HTTP", "true"),
        (
            "WEBHOOK_PLUGIN_SECRET",
            "a secret that is long enough to be one",
        ),
        ("WEBHOOK_PLUGIN_TIMEOUT_SECONDS", "1"),
    ])
    .await
}

/// Waits until all of an execution has been delivered.
async fn all_delivered(scene: &Scene, id: u64) {
    wait_for_async("every notification to be delivered", async || {
        let all = scene.deliveries(id).await;
        let done = all.iter().filter(|one| one["state"] == "delivered").count();
        if done == EVENTS { Ok(()) } else { Err(all) }
    })
    .await;
}

/// How many events came. Two that are alike are one that came again, and who is killed may leave half a one behind.
fn different(server: &WebServer) -> usize {
    let requests = server.asked().into_iter();
    let whole = requests.filter(|request| {
        let length = request.header("content-length");
        length == Some(&request.body.len().to_string())
    });
    let bodies = whole.map(|request| request.body);
    bodies.collect::<BTreeSet<_>>().len()
}

async fn comes_when_it_is_taken(name: &str, trouble: WebAnswer, word: &str) {
    let is_over = Arc::new(AtomicBool::new(false));
    let heals = Arc::clone(&is_over);
    let server = WebServer::start(move |_| match heals.load(Ordering::SeqCst) {
        true => WebAnswer::status(200, "ok"),
        false => trouble.clone(),
    });
    let scene = telling(name, &server).await;
    let id = scene.execute("gate", 0, None).await;
    scene.open("gate");
    let error = scene.failed(id, &name.replace('-', "_")).await;

    is_over.store(true, Ordering::SeqCst);
    all_delivered(&scene, id).await;

    assert!(error.contains(word), "{name}: {error}");
    assert!(server.asked().len() > EVENTS, "{name}");
    assert_eq!(different(&server), EVENTS, "{name}: {:?}", server.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_refuses_or_leaves_unanswered_comes_when_it_is_taken() {
    let cases = PLUGINS.into_iter().flat_map(|name| {
        [
            comes_when_it_is_taken(name, WebAnswer::status(500, "broken"), "500"),
            comes_when_it_is_taken(name, WebAnswer::Silence, ""),
        ]
    });
    join_all(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_caused_while_nobody_listens_is_not_lost() {
    for name in PLUGINS {
        let gone = WebServer::start(|_| WebAnswer::status(200, "ok"));
        let scene = telling(name, &gone).await;
        drop(gone);
        let id = scene.execute("gate", 0, None).await;
        scene.open("gate");
        scene.failed(id, &name.replace('-', "_")).await;

        let back = WebServer::start(|_| WebAnswer::status(200, "ok"));
        let url = back.url("/events");
        let scene = scene.restarted(&[("SLACK_PLUGIN_URL", &url), ("WEBHOOK_PLUGIN_URL", &url)]);

        all_delivered(&scene, id).await;
        assert_eq!(different(&back), EVENTS, "{name}: {:?}", back.asked());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_call_and_word_slack_is_told_again_in_the_same_words() {
    let server = WebServer::start(|_| WebAnswer::status(200, "ok"));
    let mut scene = telling("slack-notification-plugin", &server).await;
    scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "deliver.sent=crash")]);
    let id = scene.execute("gate", 0, None).await;
    scene.proctord.wait();
    scene.open("gate");

    let scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "")]);

    all_delivered(&scene, id).await;
    assert!(server.asked().len() > EVENTS, "{:?}", server.asked());
    assert_eq!(different(&server), EVENTS, "{:?}", server.asked());
}
