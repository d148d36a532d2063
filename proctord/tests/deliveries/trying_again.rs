//! What failed comes again, what was cut off comes again, and each time under the same id.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_testkit::{WebAnswer, WebServer, wait_for_async};
use reqwest::Method;
use serde_json::Value;

use crate::callbacks::header;
use crate::scene::Scene;

fn ids(server: &WebServer) -> (usize, BTreeSet<String>) {
    let asked = server.asked();
    let ids = asked
        .iter()
        .map(|one| header(one, "proctor-delivery").to_owned());
    (asked.len(), ids.collect())
}

#[tokio::test]
async fn what_fails_comes_again_with_the_same_id() {
    let count = AtomicUsize::new(0);
    let server = WebServer::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => WebAnswer::status(503, "not now"),
        _ => WebAnswer::json("{}"),
    });
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/");
    let id = scene.execute("gate", 0, Some(&url)).await;
    scene.open("gate");

    let error = scene.failed(id, &url).await;
    let delivery = scene.delivered(id, &url).await;

    assert!(
        error.contains("503") && error.contains("not now"),
        "{error}"
    );
    assert_eq!(delivery["attempts"], 2);
    let (times, ids) = ids(&server);
    assert_eq!((times, ids.len()), (2, 1));
}

#[tokio::test]
async fn killed_at_any_point_nothing_is_lost_and_repeats_have_one_id() {
    for (point, repeats) in [
        ("deliver.claimed", 1..=1),
        ("deliver.sent", 2..=2),
        ("deliver.settled", 1..=1),
    ] {
        let server = WebServer::start(|_| WebAnswer::json("{}"));
        let crash = format!("{point}=crash");
        let mut scene = Scene::with(&[
            ("PROCTOR_CALLBACK_ALLOW", &server.host()),
            ("PROCTOR_FAIL_POINTS", &crash),
        ])
        .await;
        let url = server.url("/");
        let id = scene.execute("gate", 0, Some(&url)).await;
        scene.open("gate");
        scene.proctord.wait();

        let scene = scene.restarted(&[("PROCTOR_FAIL_POINTS", "")]);
        scene.delivered(id, &url).await;

        let (times, ids) = ids(&server);
        assert!(repeats.contains(&times), "{point}: {times}");
        assert_eq!(ids.len(), 1, "{point}");
    }
}

#[tokio::test]
async fn somebody_has_it_tried_at_once() {
    let server = WebServer::start(|_| WebAnswer::status(500, "broken"));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/");
    let id = scene.execute("gate", 0, Some(&url)).await;
    scene.open("gate");
    scene.failed(id, &url).await;
    let delivery = scene.deliveries(id).await.remove(0);
    let path = format!("/delivery/{}/retry", delivery["id"].as_str().unwrap());

    let (status, retried) = scene.ask(Method::POST, &path, &Value::Null).await;
    wait_for_async("another try", async || {
        let asked = server.asked().len();
        if asked >= 2 { Ok(()) } else { Err(asked) }
    })
    .await;
    let (unknown, _) = scene
        .ask(Method::POST, "/delivery/nobody/retry", &Value::Null)
        .await;

    assert_eq!((status, &retried["state"]), (200, &"pending".into()));
    assert_eq!(unknown, 404);
}

#[tokio::test]
async fn what_was_delivered_is_not_tried_again() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/");
    let id = scene.execute("gate", 0, Some(&url)).await;
    scene.open("gate");
    let delivery = scene.delivered(id, &url).await;
    let path = format!("/delivery/{}/retry", delivery["id"].as_str().unwrap());

    let (status, answer) = scene.ask(Method::POST, &path, &Value::Null).await;
    let (_, metrics) = scene.ask(Method::GET, "/metrics", &Value::Null).await;

    assert_eq!(status, 409, "{answer}");
    let metrics = metrics.as_str().unwrap();
    for line in [
        "proctor_deliveries_pending 0",
        "proctor_deliveries_dead 0",
        "proctor_delivery_tries_total{kind=\"callback\",outcome=\"delivered\"} 1",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    }
}
