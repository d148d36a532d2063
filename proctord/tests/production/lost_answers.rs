use proctor_testkit::{Proctord, Proxy, wait_for};
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, execute, post, publish, request, send, wait_for_status, wait_until_ready};

/// A ready proctord whose way to the database leads through a proxy.
async fn through_a_proxy(site: &Site) -> (Proctord, Proxy) {
    site.migrate();
    let proxy = Proxy::to(site.postgres.port());
    let (direct, other) = (site.postgres.port().to_string(), proxy.port().to_string());
    let url = site
        .postgres
        .url()
        .replace(&format!(":{direct}/"), &format!(":{other}/"));
    let proctord = site.proctord().env("PROCTOR_DATABASE_URL", &url).start();
    wait_until_ready(&proctord).await;
    site.publish_numbered(&proctord).await;
    (proctord, proxy)
}

fn wait_until_it_ran_once(site: &Site) {
    wait_for("the one execution to have succeeded", || {
        let found = site.psql("SELECT status FROM proctor.execution WHERE proc_name = 'numbered'");
        if found == "SUCCEEDED" {
            Ok(())
        } else {
            Err(found)
        }
    });
    assert_eq!(site.ledger.counts(), [("1".to_owned(), 1)].into());
}

/// Its client has been refused and does not come back: what is stored runs all the same.
#[tokio::test]
async fn an_execution_that_was_stored_without_an_answer_runs() {
    let site = Site::new();
    let (proctord, proxy) = through_a_proxy(&site).await;

    proxy.lose_answer_to(&["execution.create"]);
    let body = json!({"name": "numbered", "args": {"NUMBER": "1"}});
    let answer = post(&proctord, "/execution", &body).await;

    assert!(proxy.has_lost());
    assert_eq!(answer.status, 503, "{answer:?}");
    wait_until_it_ran_once(&site);
}

#[tokio::test]
async fn a_client_that_sends_its_key_again_gets_that_execution() {
    let site = Site::new();
    let (proctord, proxy) = through_a_proxy(&site).await;
    let body = json!({"name": "numbered", "args": {"NUMBER": "1"}});
    let ask = || {
        let request = request(&proctord, Method::POST, "/execution").json(&body);
        request.header("Idempotency-Key", "once")
    };

    proxy.lose_answer_to(&["execution.create"]);
    let refused = send(ask()).await;
    let accepted = send(ask()).await;
    let again = send(ask()).await;

    assert_eq!(refused.status, 503, "{refused:?}");
    let id = |body: &str| serde_json::from_str::<Value>(body).unwrap()["id"].clone();
    assert_eq!(
        (accepted.status, again.status),
        (201, 201),
        "{accepted:?} {again:?}"
    );
    assert_eq!(id(&accepted.body), id(&again.body));
    wait_until_it_ran_once(&site);
}

#[tokio::test]
async fn a_stop_that_was_stored_without_an_answer_is_carried_out() {
    let site = Site::new();
    let (proctord, proxy) = through_a_proxy(&site).await;
    publish(
        &proctord,
        "endless",
        "while :; do sleep 0.1; done",
        json!({}),
    )
    .await;
    let id = execute(&proctord, &json!({"name": "endless"})).await;
    wait_for_status(&proctord, id, "RUNNING").await;

    proxy.lose_answer_to(&["execution.stop", "COMMIT"]);
    let answer = post(&proctord, &format!("/execution/{id}/stop"), &json!({})).await;

    assert!(proxy.has_lost());
    assert_eq!(answer.status, 503, "{answer:?}");
    wait_for_status(&proctord, id, "STOPPED").await;
}
