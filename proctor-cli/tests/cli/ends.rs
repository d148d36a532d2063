use serde_json::json;

use crate::run::User;
use crate::stub::Stub;
use crate::wire::end;

#[tokio::test]
async fn every_end_has_its_exit_code_and_its_line() {
    for (how, code, line) in [
        (
            json!({"status": "SUCCEEDED", "exit_code": 0}),
            0,
            "Execution completed.",
        ),
        (
            json!({"status": "FAILED", "exit_code": 3}),
            3,
            "Execution failed: exit code 3",
        ),
        (
            json!({"status": "FAILED", "signal": 9, "reason": "out of memory: limit 32Mi"}),
            137,
            "signal 9 (out of memory: limit 32Mi)",
        ),
        (
            json!({"status": "FAILED", "reason": "cannot start: no such file"}),
            126,
            "cannot start",
        ),
        (
            json!({"status": "FAILED", "reason": "node lost: n1"}),
            125,
            "node lost: n1",
        ),
        (
            json!({"status": "TIMED_OUT", "reason": "ran for 5 s"}),
            124,
            "timed out",
        ),
        (
            json!({"status": "STOPPED", "reason": "stopped by ops\u{1b}[2J"}),
            143,
            "stopped by ops\\u{1b}",
        ),
        (
            json!({"status": "STOPPED", "exit_code": 7}),
            7,
            "Execution stopped",
        ),
        (json!({"status": "LOST"}), 125, "Execution lost"),
        (
            json!({"status": "CREATION_FAILED", "reason": "no image"}),
            126,
            "no image",
        ),
    ] {
        let stub = Stub::with_logs(vec![vec![end(0, how)]]).await;
        User::of(&stub)
            .run(&["execute", "say-hello"])
            .await
            .expect_code(code)
            .expect_said(line);
    }
}
