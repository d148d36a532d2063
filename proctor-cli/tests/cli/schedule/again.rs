//! A lost answer: what was asked for is asked for again, under the same key.

use super::{NEEDED, service};
use crate::run::User;
use crate::stub::{Reply, Stub};

/// Every answer to what makes something is lost the first time.
async fn lossy() -> Stub {
    Stub::start(|request| {
        if request.method == "POST" && request.before == 0 {
            Reply::Drop
        } else {
            service(request)
        }
    })
    .await
}

async fn keys(words: &[&str], path: &str, code: i32) -> Vec<String> {
    let stub = lossy().await;
    User::of(&stub).run(words).await.expect_code(code);
    let requests = stub.requests();
    let sent = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path() == path);
    sent.map(|request| request.header("Idempotency-Key").to_owned())
        .collect()
}

#[tokio::test]
async fn a_schedule_is_asked_for_twice_under_one_key() {
    let words = ["schedule", "report", "DAY=Monday", "-c", "30 2 * * *"];

    let first = keys(&[&words[..], &NEEDED].concat(), "/schedule", 0).await;
    let second = keys(&[&words[..], &NEEDED].concat(), "/schedule", 0).await;

    assert_eq!(first.len(), 2);
    assert_eq!(first[0].len(), 36);
    assert_eq!(first[0], first[1]);
    assert_ne!(first[0], second[0], "another command is another request");
}

#[tokio::test]
async fn a_run_is_asked_for_twice_under_one_key_and_a_pause_once() {
    let words = ["schedule", "run", "77", "--detach"];
    let run = keys(&words, "/schedule/77/run", 0).await;
    let pause = keys(&["schedule", "pause", "77"], "/schedule/77/pause", 1).await;

    assert_eq!(run.len(), 2);
    assert_eq!(run[0].len(), 36);
    assert_eq!(run[0], run[1]);
    assert_eq!(pause, [""]);
}
