use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Step, Stub};
use crate::wire::{end, execution, problem};

#[tokio::test]
async fn the_procs_output_comes_out_byte_by_byte_and_alone() {
    let log: Vec<u8> = (0..=255).chain(*b"\r\n\x1b[31m\xff\xfe\0end").collect();
    let stub = Stub::with_logs(vec![vec![
        Step::Event(json!({"event": "attempt", "offset": 0, "text": "Attempt 1"})),
        Step::Bytes(0, log[..100].to_vec()),
        Step::Bytes(100, log[100..].to_vec()),
        Step::Event(json!({"event": "of-the-future", "offset": 3})),
        end(log.len(), json!({"status": "SUCCEEDED", "exit_code": 0})),
        Step::Close(1000, ""),
    ]])
    .await;

    let ended = User::of(&stub)
        .with("EMAIL_ID", "a@example.org")
        .with("ACCESS_TOKEN", "token")
        .run(&["execute", "say-hello", "WHOM=a=b", "EMPTY="])
        .await
        .expect_code(0);

    assert_eq!(ended.stdout, log);
    for text in ["say-hello", "42", "Attempt 1", "Execution completed."] {
        assert!(ended.stderr.contains(text), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains('\x1b'), "colours without a terminal");
    let requests = stub.requests();
    assert_eq!(requests[0].target, "/metadata/say-hello");
    assert_eq!(
        requests[1].json(),
        json!({"name": "say-hello", "args": {"WHOM": "a=b", "EMPTY": ""}})
    );
    assert_eq!(requests[2].target, "/execution/logs?context_id=42&offset=0");
    for request in &requests {
        assert_eq!(request.header("Client-Version"), "v3.0.0");
        assert_eq!(request.header("Email-Id"), "a@example.org");
        assert_eq!(request.header("Access-Token"), "token");
        assert_eq!(request.header("Accept"), "application/json");
    }
}

#[tokio::test]
async fn a_log_that_is_cut_is_taken_up_again_without_losing_or_doubling_a_byte() {
    let stub = Stub::with_logs(vec![
        vec![
            Step::Event(json!({"event": "attempt", "offset": 0, "text": "Attempt 1"})),
            Step::Bytes(0, b"one ".to_vec()),
            Step::Cut,
        ],
        vec![Step::Close(1001, "proctord is going away")],
        vec![Step::Bytes(4, b"two ".to_vec()), Step::Close(1000, "")],
        vec![
            Step::Bytes(6, b"o three".to_vec()),
            end(13, json!({"status": "SUCCEEDED", "exit_code": 0})),
        ],
    ])
    .await;

    let ended = User::of(&stub)
        .run(&["execute", "say-hello"])
        .await
        .expect_code(0);

    assert_eq!(ended.stdout(), "one two three");
    let offsets: Vec<String> = stub.requests()[2..]
        .iter()
        .map(|request| request.target.rsplit('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(offsets, ["0", "4", "4", "8"]);
    assert_eq!(ended.stderr.matches("Attempt 1").count(), 1);
}

#[tokio::test]
async fn a_request_is_repeated_with_the_same_key() {
    let stub = Stub::start(|request| match (request.path(), request.before) {
        ("/execution", 0) => Reply::Drop,
        ("/execution", 1) => problem(503, json!({"detail": "the store is away"})),
        ("/execution", _) => Reply::Json(201, execution("QUEUED")),
        _ => Reply::Text(404, ""),
    })
    .await;

    let ended = User::of(&stub)
        .run(&["execute", "say-hello", "--detach", "-o", "name"])
        .await
        .expect_code(0);

    assert_eq!(ended.stdout(), "42\n");
    assert_eq!(ended.stderr, "");
    let keys: Vec<String> = stub
        .requests()
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.header("Idempotency-Key").to_owned())
        .collect();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[0].len(), 36);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test]
async fn a_detached_execution_tells_itself_as_json() {
    let stub = Stub::with_logs(vec![vec![]]).await;

    let ended = User::of(&stub)
        .run(&["execute", "say-hello", "--detach", "-o", "json"])
        .await
        .expect_code(0);

    let told: serde_json::Value = serde_json::from_str(ended.stdout()).unwrap();
    assert_eq!(told["id"], 42);
    assert_eq!(told["job_name"], "say-hello");
}

#[tokio::test]
async fn wrong_words_are_told_together_and_nothing_is_sent() {
    let stub = Stub::with_logs(vec![vec![]]).await;
    let user = User::of(&stub);

    user.run(&["execute", "say-hello", "one", "A=1", "two", "A=2"])
        .await
        .expect_code(2)
        .expect_said("one: not of the form")
        .expect_said("two: not of the form")
        .expect_said("A: given more than once");
    user.run(&["execute", "say-hello", "-o", "json"])
        .await
        .expect_code(2)
        .expect_said("--detach");

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn what_the_service_finds_wrong_is_told_line_by_line() {
    let stub = Stub::start(|_| {
        problem(
            422,
            json!({
                "detail": "The execution cannot start.", "execution_id": 42,
                "mistakes": [
                    {"at": "args.WHOM", "message": "is required"},
                    {"at": "args.COUNT", "message": "must be an integer"},
                ],
            }),
        )
    })
    .await;

    User::of(&stub)
        .run(&["execute", "say-hello"])
        .await
        .expect_code(125)
        .expect_said("The execution cannot start.\n  args.WHOM is required\n  args.COUNT must be an integer\n")
        .expect_said("proctor status 42");
}
