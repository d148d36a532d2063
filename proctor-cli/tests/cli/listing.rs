use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::{execution, problem};

fn procs() -> Value {
    json!([
        {"name": "beta", "description": "second"},
        {"name": "alpha", "description": "first\u{1b}[31m"},
    ])
}

#[tokio::test]
async fn list_prints_rows_json_or_names() {
    let stub = Stub::start(|_| Reply::Json(200, procs())).await;
    let user = User::of(&stub);

    let text = user
        .run(&["list"])
        .await
        .expect_code(0)
        .expect_said("List of Procs:");
    assert_eq!(
        text.stdout(),
        format!(
            "{:<40} first\\u{{1b}}[31m\n{:<40} second\n",
            "alpha", "beta"
        )
    );
    let names = user.run(&["list", "-o", "name"]).await.expect_code(0);
    assert_eq!(
        (names.stdout(), names.stderr.as_str()),
        ("alpha\nbeta\n", "")
    );
    let json = user.run(&["list", "-o", "json"]).await.expect_code(0);
    let told: Vec<Value> = serde_json::from_str(json.stdout()).unwrap();
    assert_eq!(told[1]["name"], "beta");
}

#[tokio::test]
async fn describe_prints_one_proc() {
    let stub = Stub::start(|_| {
        let mut metadata = procs()[0].clone();
        metadata["env_vars"] =
            json!({"args": [{"name": "A", "description": "an arg", "required": true}]});
        Reply::Json(200, metadata)
    })
    .await;

    let text = User::of(&stub)
        .run(&["describe", "beta", "--host", &stub.address.to_string()])
        .await
        .expect_code(0)
        .expect_said("proctor execute beta ARG_ONE=foo ARG_TWO=bar");

    assert!(
        text.stdout().contains("an arg [required]\n"),
        "{}",
        text.stdout()
    );
    assert_eq!(stub.requests()[0].target, "/metadata/beta");
}

#[tokio::test]
async fn status_prints_one_execution() {
    let stub = Stub::start(|_| {
        let mut execution = execution("FAILED");
        execution["exit_code"] = 3.into();
        execution["transitions"] = json!([
            {"status": "CREATED", "at": "2026-11-20T10:00:00Z"},
            {"status": "FAILED", "at": "2026-11-20T10:01:05Z", "reason": "exit code 3"},
        ]);
        Reply::Json(200, execution)
    })
    .await;
    let user = User::of(&stub);

    let text = user
        .run(&["status", "42"])
        .await
        .expect_code(0)
        .expect_said("Execution failed: exit code 3");
    for part in ["say-hello", "FAILED", "1m05s"] {
        assert!(text.stdout().contains(part), "{}", text.stdout());
    }
    let json = user.run(&["status", "42", "-ojson"]).await.expect_code(0);
    let told: Value = serde_json::from_str(json.stdout()).unwrap();
    assert_eq!(told["exit_code"], 3);
    assert_eq!(stub.requests()[0].target, "/execution/42");
}

#[tokio::test]
async fn history_asks_page_by_page_for_as_many_as_wanted() {
    let stub = Stub::start(|request| {
        let count = if request.before == 0 { 500 } else { 2 };
        let executions = vec![execution("SUCCEEDED"); count];
        Reply::Json(
            200,
            json!({"executions": executions, "next_cursor": "more"}),
        )
    })
    .await;

    let ended = User::of(&stub)
        .run(&[
            "history",
            "--proc",
            "a b",
            "--status",
            "timed-out",
            "--limit",
            "502",
            "-o",
            "name",
        ])
        .await
        .expect_code(0);

    assert_eq!(ended.stdout(), "42\n".repeat(502));
    let targets: Vec<String> = stub
        .requests()
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            "/execution?limit=500&proc=a+b&status=TIMED_OUT",
            "/execution?limit=2&proc=a+b&status=TIMED_OUT&cursor=more",
        ]
    );
}

#[tokio::test]
async fn stop_waits_for_the_end_unless_told_not_to() {
    let stub = Stub::start(|request| match (request.method.as_str(), request.before) {
        ("POST", _) | ("GET", 0) => Reply::Json(200, execution("RUNNING")),
        _ => Reply::Json(200, execution("STOPPED")),
    })
    .await;
    let user = User::of(&stub);

    let left = user
        .run(&["stop", "42", "--no-wait", "--grace", "3s"])
        .await
        .expect_code(0);
    assert!(left.stdout().contains("RUNNING"), "{}", left.stdout());
    assert_eq!(stub.requests().len(), 1);
    assert_eq!(stub.requests()[0].json(), json!({"grace_seconds": 3}));

    let waited = user.run(&["stop", "42"]).await.expect_code(0);
    assert!(waited.stdout().contains("STOPPED"), "{}", waited.stdout());
}

/// One that somebody gave up, whose end was seen later.
fn given_up() -> Value {
    let mut lost = execution("LOST");
    lost["reason"] = "given up by me; node n1 has not confirmed the end".into();
    lost["stop_requested"] = json!({"by": "ops", "at": "2026-11-20T10:00:00Z"});
    lost
}

#[tokio::test]
async fn what_is_given_up_is_told_to_be_lost() {
    let stub = Stub::start(|request| match request.before {
        0 => Reply::Json(200, given_up()),
        1 => Reply::Json(200, execution("FAILED")),
        _ => problem(409, json!({"detail": "stop it first"})),
    })
    .await;
    let user = User::of(&stub);
    let force = ["stop", "42", "--force", "--yes"];

    let lost = user.run(&force).await.expect_code(0);
    let before = user.run(&force).await.expect_code(0);
    let refused = user.run(&force).await.expect_code(1);

    assert_eq!(
        lost.stderr,
        "Given up\nExecution lost: given up by me; node n1 has not confirmed the end\n"
    );
    assert!(lost.stdout().contains("LOST"), "{}", lost.stdout());
    assert_eq!(stub.requests()[0].json(), json!({"force": true}));
    before.expect_said("nothing was given up");
    refused.expect_said("stop it first");
    let nobody = user.run(&["stop", "42", "--force"]).await.expect_code(2);
    nobody.expect_said("say --yes to give up execution 42");
    assert_eq!(stub.requests().len(), 3);
}

#[tokio::test]
async fn a_late_outcome_is_a_row_of_the_status() {
    let stub = Stub::start(|_| {
        let mut late = given_up();
        late["late_outcome"] = json!({
            "status": "STOPPED", "exit_code": 9, "reason": "stopped by ops", "at": "2026-11-20T11:00:00Z",
        });
        Reply::Json(200, late)
    })
    .await;

    let status = User::of(&stub).run(&["status", "42"]).await;

    let rows = status.stdout();
    let row = rows.lines().find(|row| row.starts_with("Late Outcome"));
    let row = row.unwrap_or_else(|| panic!("no such row: {rows}"));
    assert!(
        row.ends_with("STOPPED, exit code 9 (stopped by ops) at 2026-11-20T11:00:00Z"),
        "{row}"
    );
}

#[tokio::test]
async fn version_needs_no_server() {
    let ended = User::new().run(&["version"]).await.expect_code(0);
    assert_eq!(
        ended.stdout(),
        "Proctor: A Developer Friendly Automation Orchestrator v3.0.0\n"
    );
}
