use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Step, Stub};
use crate::terminal::{CTRL_C, Terminal};
use crate::wire::{end, execution};

const QUESTION: &str = "[l]eave it running, [s]top it or [c]ontinue to follow?";

/// A service whose log goes on until a stop was asked for.
async fn service() -> Stub {
    Stub::start(|request| match request.path() {
        "/metadata/say-hello" => Reply::Json(200, json!({"name": "say-hello"})),
        "/execution" | "/execution/42/rerun" => Reply::Json(201, execution("CREATED")),
        "/execution/42/stop" => Reply::Json(200, execution("RUNNING")),
        "/execution/logs" => Reply::Log(vec![
            Step::Bytes(0, b"hello\n".to_vec()),
            Step::UntilAsked("/execution/42/stop"),
            Step::Bytes(6, b"bye\n".to_vec()),
            end(
                10,
                json!({"status": "STOPPED", "exit_code": 7, "reason": "stopped by me"}),
            ),
        ]),
        _ => Reply::Text(404, "no such route"),
    })
    .await
}

#[tokio::test]
async fn stop_is_sent_and_the_log_is_followed_to_the_end() {
    for args in [
        ["execute", "say-hello"].as_slice(),
        &["rerun", "42"],
        &["logs", "42"],
    ] {
        let stub = service().await;
        let user = User::of(&stub).with("TERM", "xterm");
        let mut terminal = Terminal::start(&user, args);
        terminal.shows("Streaming logs").await;
        terminal.shows("hello\r\n").await;
        terminal.press(CTRL_C);
        terminal.shows(QUESTION).await;
        terminal.press("c\r");
        terminal.shows("Streaming logs").await;
        terminal.press(CTRL_C);
        terminal.shows(QUESTION).await;
        terminal.press("what?\r");
        terminal.shows(QUESTION).await;
        terminal.press("s\r");
        terminal.shows("Stop requested").await;
        terminal.shows("bye").await;
        terminal.shows("Execution stopped by me").await;
        terminal.end().await.expect_code(7);
    }
}

#[tokio::test]
async fn leave_and_a_second_ctrl_c_leave_it_running() {
    let stub = service().await;
    let user = User::of(&stub).with("TERM", "xterm");

    for keys in ["l\r", CTRL_C] {
        let mut terminal = Terminal::start(&user, &["logs", "42"]);
        terminal.shows("Streaming logs").await;
        terminal.shows("hello\r\n").await;
        terminal.press(CTRL_C);
        terminal.shows(QUESTION).await;
        terminal.press(keys);
        let left = terminal.end().await.expect_code(130);
        assert!(left.screen.contains("proctor stop 42"), "{}", left.screen);
    }
    let stops = stub
        .requests()
        .iter()
        .filter(|one| one.method == "POST")
        .count();
    assert_eq!(stops, 0);
}

#[tokio::test]
async fn without_input_ctrl_c_leaves_at_once() {
    let stub = service().await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["logs", "42", "--no-input"]);
    terminal.shows("Streaming logs").await;
    terminal.shows("hello\r\n").await;
    terminal.press(CTRL_C);

    let left = terminal.end().await.expect_code(130);
    assert!(!left.screen.contains(QUESTION), "{}", left.screen);
}

#[tokio::test]
async fn a_spinner_turns_on_stderr_until_the_first_byte() {
    let stub = Stub::start(|request| match request.path() {
        "/execution/logs" => Reply::Log(vec![
            Step::UntilAsked("/go-on"),
            Step::Bytes(0, b"hello\n".to_vec()),
            end(6, json!({"status": "SUCCEEDED", "exit_code": 0})),
        ]),
        _ => Reply::Text(204, ""),
    })
    .await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::with_piped_stdout(&user, &["logs", "42"]);
    for frame in ["|", "/", "-", "\\"] {
        terminal.shows(&format!("\r\x1b[32m{frame}\x1b[39m")).await;
    }
    stub.ask("/go-on").await;
    terminal.shows("\r \r").await;
    terminal.shows("Execution completed.").await;
    let left = terminal.end().await.expect_code(0);
    assert_eq!(left.stdout, "hello\n");

    let user = User::of(&stub).with("TERM", "dumb");
    let left = Terminal::start(&user, &["logs", "42"])
        .end()
        .await
        .expect_code(0);
    assert!(!left.screen.contains("\r|"), "{:?}", left.screen);
}
