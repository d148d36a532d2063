//! proctord is crashed at every named point of firing: afterwards the moment has fired once, and once only.

use proctor_testkit::{Ledger, Proctord, wait_for_async};
use serde_json::Value;

use crate::support::publish;

async fn crash_and_restart(point: &str) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let data = folder.path().join("data");
    let mut proctord = Proctord::at(&data)
        .env("PROCTOR_FAIL_POINTS", &format!("{point}=crash"))
        .start();
    let body = format!("echo ran >> {}", ledger.path().display());
    publish(&proctord, folder.path(), "once", &body);
    let schedule = create(&proctord).await;
    assert!(!proctord.wait().success(), "{point} was not reached");

    let restarted = Proctord::at(&data).start();
    let path = format!("/schedule/{}/firings", schedule["id"]);
    let firings = wait_for_async(&format!("{point}: the firing to have run"), async || {
        let page = get(&restarted, &path).await;
        let is_over = page["firings"][0]["status"] == "SUCCEEDED";
        if is_over { Ok(page) } else { Err(page) }
    })
    .await;

    assert_eq!(
        firings["firings"].as_array().unwrap().len(),
        1,
        "{point}: {firings}"
    );
    assert_eq!(
        ledger.counts().get("ran"),
        Some(&1),
        "{point}: it ran this often"
    );
    let executions = restarted.proctor(&["history", "-o", "name"]).succeed();
    assert_eq!(executions.lines().count(), 1, "{point}: {executions}");
}

/// A schedule of one moment, a second from now.
async fn create(proctord: &Proctord) -> Value {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(1000);
    let body = serde_json::json!({"jobName": "once", "tags": "t", "at": at.to_string(),
        "notificationEmails": "ann@example.com", "group": "g"});
    let url = format!("http://{}/schedule", proctord.address());
    let request = reqwest::Client::new().post(url).body(body.to_string());
    let answer = request
        .header("Accept", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

async fn get(proctord: &Proctord, path: &str) -> Value {
    let url = format!("http://{}{path}", proctord.address());
    let request = reqwest::Client::new().get(url);
    let answer = request
        .header("Accept", "application/json")
        .send()
        .await
        .unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

macro_rules! proctord_crashes_at {
    ($($test:ident: $point:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            crash_and_restart($point).await;
        })*
    };
}

proctord_crashes_at! {
    proctord_crashes_before_it_claims: "fire.begun",
    proctord_crashes_once_it_has_claimed: "fire.claimed",
    proctord_crashes_once_firings_are_written: "fire.written",
    proctord_crashes_once_firings_are_kept: "fire.committed",
}
