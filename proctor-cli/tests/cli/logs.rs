use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::run::{User, ended};
use crate::stub::{Reply, Step, Stub};
use crate::wire::{end, execution, problem};

#[tokio::test]
async fn the_log_of_an_execution_comes_with_its_exit_code() {
    let stub = Stub::with_logs(vec![vec![
        Step::Bytes(0, b"hello\n".to_vec()),
        end(6, json!({"status": "FAILED", "exit_code": 9})),
    ]])
    .await;

    let ended = User::of(&stub).run(&["logs", "7"]).await.expect_code(9);

    assert_eq!(ended.stdout(), "hello\n");
    assert_eq!(
        stub.requests()[0].target,
        "/execution/logs?context_id=7&offset=0"
    );
}

#[tokio::test]
async fn the_reason_of_a_close_is_shown() {
    let reason = "No execution context found with id 7";
    let stub = Stub::with_logs(vec![vec![Step::Close(1000, reason)]]).await;

    User::of(&stub)
        .run(&["logs", "7"])
        .await
        .expect_code(125)
        .expect_said(reason);
}

#[tokio::test]
async fn what_it_waits_for_is_told_once_until_it_begins() {
    let words = "the cluster has no namespace procs; somebody has to create it";
    let stub = Stub::start(move |request| match request.path() {
        "/execution/logs" => Reply::Log(vec![
            Step::UntilAskedTimes(3, "/execution/7"),
            Step::Bytes(0, b"hello\n".to_vec()),
            end(6, json!({"status": "SUCCEEDED", "exit_code": 0})),
        ]),
        "/execution/7" if request.before < 2 => {
            let mut execution = execution("RECEIVED");
            execution["waiting"] = words.into();
            Reply::Json(200, execution)
        }
        "/execution/7" => Reply::Json(200, execution("RUNNING")),
        _ => Reply::Text(404, "no such route"),
    })
    .await;

    let ended = User::of(&stub).run(&["logs", "7"]).await.expect_code(0);

    assert_eq!(ended.stdout(), "hello\n");
    let told = ended.stderr.matches(words).count();
    assert_eq!(told, 1, "{}", ended.stderr);
}

#[tokio::test]
async fn a_hole_is_an_error_and_an_announced_gap_is_not() {
    let succeeded = || json!({"status": "SUCCEEDED", "exit_code": 0});
    let hole = Stub::with_logs(vec![vec![
        Step::Bytes(0, b"one".to_vec()),
        Step::Bytes(5, b"two".to_vec()),
    ]])
    .await;
    let ended = User::of(&hole)
        .run(&["logs", "7"])
        .await
        .expect_code(125)
        .expect_said("bytes 3 to 5");
    assert_eq!(ended.stdout(), "one");

    let short = Stub::with_logs(vec![vec![end(4, succeeded())]]).await;
    User::of(&short).run(&["logs", "7"]).await.expect_code(125);

    let gap = Stub::with_logs(vec![vec![
        Step::Bytes(0, b"one".to_vec()),
        Step::Event(json!({"event": "gap", "offset": 3, "text": "2 bytes were deleted"})),
        Step::Bytes(5, b"two".to_vec()),
        end(8, succeeded()),
    ]])
    .await;
    let ended = User::of(&gap)
        .run(&["logs", "7"])
        .await
        .expect_code(0)
        .expect_said("2 bytes were deleted");
    assert_eq!(ended.stdout(), "onetwo");
}

#[tokio::test]
async fn an_outage_without_end_is_given_up_and_told_once() {
    let stub = Stub::start(|request| match request.before {
        0 => Reply::Log(vec![Step::Bytes(0, b"one".to_vec()), Step::Cut]),
        1 => problem(502, json!({})),
        _ => Reply::Drop,
    })
    .await;

    let ended = User::of(&stub)
        .with("RECONNECT_TIMEOUT_SECS", "1")
        .run(&["logs", "7"])
        .await
        .expect_code(125)
        .expect_said("Network Error!!!");

    assert_eq!(ended.stdout(), "one");
    assert_eq!(ended.stderr.matches("interrupted").count(), 1);
    assert!(stub.requests().len() > 3, "it was tried again");
}

#[tokio::test]
async fn credentials_are_told_apart_on_the_websocket_too() {
    let stub = Stub::start(|_| problem(401, json!({}))).await;

    User::of(&stub)
        .run(&["logs", "7"])
        .await
        .expect_code(125)
        .expect_said("Unauthorized Access!!!\nEMAIL_ID or ACCESS_TOKEN is not present");
    assert_eq!(stub.requests().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_leaves_the_execution_running_and_says_how_to_stop_it() {
    let stub = Stub::with_logs(vec![vec![Step::Bytes(0, b"hello".to_vec()), Step::Hold]]).await;
    let mut child = User::of(&stub).command(&["logs", "7"]).spawn().unwrap();
    let mut first = [0; 5];
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut first).await.unwrap();

    let id = child.id().unwrap().to_string();
    let killed = tokio::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .await;
    assert!(killed.unwrap().success());

    ended(child)
        .await
        .expect_code(130)
        .expect_said("User interrupt while streaming proc logs")
        .expect_said("proctor stop 7");
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_it_quietly() {
    let stub = Stub::with_logs(vec![vec![Step::Flood]]).await;
    let mut child = User::of(&stub)
        .command(&["logs", "7"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 5];
    stdout.read_exact(&mut first).await.unwrap();

    drop(stdout);

    let ended = ended(child).await.expect_code(141);
    assert!(!ended.stderr.contains("failed"), "{}", ended.stderr);
}
