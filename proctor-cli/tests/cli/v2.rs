//! What version 2 printed, text by text: chatter now goes to stderr, answers and logs to stdout, and no line
//! ends with spaces.

use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Request, Step, Stub};
use crate::wire::{end, execution};

fn metadata() -> Value {
    json!({
        "name": "say-hello-world", "description": "This proc will say hello world",
        "image_name": "", "authorized_groups": ["a", "b"],
        "contributors": "Jane", "organization": "Acme",
        "env_vars": {"args": [{"name": "SAMPLE_ARG_ONE", "description": "Argument name"}]},
    })
}

fn service(request: &Request) -> Reply {
    match request.path() {
        "/metadata" => Reply::Json(200, json!([metadata()])),
        "/metadata/say-hello-world" => Reply::Json(200, metadata()),
        "/execution" => Reply::Json(201, execution("CREATED")),
        "/execution/42" => Reply::Json(200, execution("RUNNING")),
        "/execution/logs" => Reply::Log(vec![
            Step::Bytes(0, b"hello\n".to_vec()),
            end(6, json!({"status": "SUCCEEDED", "exit_code": 0})),
        ]),
        _ => Reply::Text(404, "no such route"),
    }
}

fn row(name: &str, value: &str) -> String {
    format!("{name:<40} {value}\n")
}

async fn prints(args: &[&str], stdout: &str, stderr: &str) {
    let stub = Stub::start(service).await;
    let ended = User::of(&stub).run(args).await.expect_code(0);
    assert_eq!(ended.stdout(), stdout);
    assert_eq!(ended.stderr, stderr);
}

#[tokio::test]
async fn list() {
    let rows = row("say-hello-world", "This proc will say hello world");
    let stderr = "List of Procs:\n\n\nFor detailed information of any proc, run:\nproctor describe <proc_name>\n";
    prints(&["list"], &rows, stderr).await;
}

#[tokio::test]
async fn describe() {
    let stdout = [
        row("Description", "This proc will say hello world"),
        row("Contributors", "Jane"),
        row("Organization", "Acme"),
        row("Authorized Groups", "[a, b]"),
        "\nArgs\n".to_owned(),
        row("SAMPLE_ARG_ONE", "Argument name"),
    ];
    let stderr =
        "\nTo say-hello-world, run:\nproctor execute say-hello-world ARG_ONE=foo ARG_TWO=bar\n";
    prints(&["describe", "say-hello-world"], &stdout.concat(), stderr).await;
}

#[tokio::test]
async fn execute() {
    let stderr = |variables: &str| {
        [
            row("Executing Proc", "say-hello-world"),
            variables.to_owned(),
            "\nExecution Created\n".to_owned(),
            row("ID", "42"),
            row("Name", "proctor-5f"),
            "\nStreaming logs\nExecution completed.\n".to_owned(),
        ]
        .concat()
    };
    let bare = ["execute", "say-hello-world"];
    prints(&bare, "hello\n", &stderr("With No Variables\n")).await;
    let variables = "With Variables\n".to_owned() + &row("SAMPLE_ARG_ONE", "foo=bar");
    let with = ["execute", "say-hello-world", "SAMPLE_ARG_ONE=foo=bar"];
    prints(&with, "hello\n", &stderr(&variables)).await;
}

#[tokio::test]
async fn logs() {
    let stderr = [
        "Getting logs\n",
        &row("ID", "42"),
        "\nStreaming logs\nExecution completed.\n",
    ];
    prints(&["logs", "42"], "hello\n", &stderr.concat()).await;
}

#[tokio::test]
async fn status() {
    let stub = Stub::start(service).await;
    let ended = User::of(&stub).run(&["status", "42"]).await.expect_code(0);

    let rows = [
        row("ID", "42"),
        row("Job Name", "say-hello"),
        row("Status", "RUNNING"),
        row("Updated At", "2026-11-20T10:00:01Z"),
    ];
    assert!(
        ended.stdout().starts_with(&rows.concat()),
        "{}",
        ended.stdout()
    );
    // Version 2 said `Execution completed.` here of whatever still ran.
    assert_eq!(ended.stderr, "Getting status\n");

    let stub = Stub::start(|_| Reply::Text(400, "no such id")).await;
    let ended = User::of(&stub).run(&["status", "42"]).await.expect_code(1);
    assert_eq!(ended.stderr, "Error while Getting Status:\nno such id\n");
}

#[tokio::test]
async fn unknown_procs_and_refusals() {
    let stub = Stub::start(|request| match request.path() {
        "/metadata/x" => crate::wire::problem(404, json!({})),
        _ => Reply::Text(400, "100% wrong %s"),
    })
    .await;
    let user = User::of(&stub);

    let unknown = user.run(&["describe", "x"]).await.expect_code(1);
    assert_eq!(
        unknown.stderr,
        "Proctor doesn't support Proc `x`\nRun `proctor list` to view supported Procs\n"
    );
    let refused = user.run(&["list"]).await.expect_code(1);
    assert_eq!(refused.stderr, "100% wrong %s\n");
}

#[tokio::test]
async fn a_missing_config_file() {
    let user = User::new();
    let ended = user.run(&["list"]).await.expect_code(1);

    let path = user.path("config/proctor.yaml");
    let text = format!(
        "Config file not found in {path}\nSetup config using `proctor config PROCTOR_HOST=some.host ...`\n\nAlternatively create a config file with template:\n\nPROCTOR_HOST: <host>\nEMAIL_ID: <email>\nACCESS_TOKEN: <access-token>\n"
    );
    assert!(ended.stderr.starts_with(&text), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .ends_with("\nEncountered error while loading config, exiting.\n"),
        "{}",
        ended.stderr
    );
}
