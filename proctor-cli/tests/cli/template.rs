use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Request, Stub};
use crate::wire::{execution, problem};

fn metadata() -> Value {
    json!({"name": "say-hello", "env_vars": {"args": [
        {"name": "SAMPLE_ARG_ONE", "description": "Argument name"},
        {"name": "TIMES", "description": "How often", "type": "integer", "default": "1"},
        {"name": "GREETING", "type": "choice", "choices": ["Hello", "Servus"]},
    ]}})
}

fn service(request: &Request) -> Reply {
    match request.path() {
        "/metadata/say-hello" => Reply::Json(200, metadata()),
        "/execution" => Reply::Json(201, execution("CREATED")),
        _ => problem(404, json!({"type": "/problems/unknown-proc"})),
    }
}

const TEMPLATE: &str = "# Argument name\nSAMPLE_ARG_ONE:\n# How often\n# integer; default 1\nTIMES:\n#\n# one of Hello, Servus\nGREETING:\n";

#[tokio::test]
async fn a_template_is_written_and_never_over_another_file() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);
    let path = user.path("args.yaml");

    let ended = user
        .run(&["template", "say-hello", &path])
        .await
        .expect_code(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), TEMPLATE);
    assert_eq!(ended.stdout(), "");
    assert_eq!(
        ended.stderr,
        format!(
            "\nArgs\n{:<40} Argument name\n{:<40} How often\nGREETING\n\nTo say-hello, run:\nproctor execute say-hello -f {path} ARG_ONE=foo ARG_TWO=bar\n",
            "SAMPLE_ARG_ONE", "TIMES"
        )
    );

    std::fs::write(&path, "mine").unwrap();
    user.run(&["template", "say-hello", &path])
        .await
        .expect_code(1)
        .expect_said("Error writing template file: ")
        .expect_said("--force");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    user.run(&["template", "say-hello", &path, "--force"])
        .await
        .expect_code(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), TEMPLATE);

    let stdout = user.run(&["template", "say-hello", "-"]).await;
    assert_eq!(stdout.expect_code(0).stdout(), TEMPLATE);
    user.run(&["template", "other", &user.path("other.yaml")])
        .await
        .expect_code(1)
        .expect_said("Proctor doesn't support Proc `other`");
    assert!(!std::path::Path::new(&user.path("other.yaml")).exists());
}

#[tokio::test]
async fn a_file_gives_args_as_they_are_spelled_and_words_go_first() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);
    let file = user.write(
        "args.yaml",
        "SAMPLE_ARG_ONE: 1.10\nTIMES: 0x1F\nGREETING:\nEMPTY: ''\nOTHER:\n",
    );

    let args = ["execute", "say-hello", "--detach", "-f", &file];
    let ended = user
        .run(&[&args, ["TIMES=2", "OTHER=o"].as_slice()].concat())
        .await
        .expect_code(0)
        .expect_said("Without a value, and left out: GREETING\n");

    assert_eq!(
        stub.requests()[1].json()["args"],
        json!({"SAMPLE_ARG_ONE": "1.10", "TIMES": "2", "EMPTY": "", "OTHER": "o"})
    );
    assert!(!ended.stderr.contains("With No Variables"));
}

#[tokio::test]
async fn an_unedited_template_sends_no_args() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);
    let file = user.write("args.yaml", TEMPLATE);

    user.run(&["execute", "say-hello", "--detach", "--filename", &file])
        .await
        .expect_code(0)
        .expect_said("left out: GREETING, SAMPLE_ARG_ONE, TIMES")
        .expect_said("With No Variables");

    assert_eq!(stub.requests()[1].json()["args"], json!({}));
}

#[tokio::test]
async fn a_file_that_cannot_be_meant_is_told_with_its_line_and_nothing_is_sent() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);

    for (text, place) in [
        ("A: 1\nB: [1\n", "args.yaml:"),
        ("A: 1\nB: [1]\n", "args.yaml:2: "),
        ("A: 1\nA: 2\n", "args.yaml:2: "),
        ("A=1\n", "args.yaml:1: "),
    ] {
        let file = user.write("args.yaml", text);
        user.run(&["execute", "say-hello", "-f", &file])
            .await
            .expect_code(2)
            .expect_said("Incorrect variable format")
            .expect_said(place);
    }
    user.run(&["execute", "say-hello", "-f", "/nowhere.yaml"])
        .await
        .expect_code(2)
        .expect_said("/nowhere.yaml: failed to read");

    assert!(stub.requests().is_empty());
}
