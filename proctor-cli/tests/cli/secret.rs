use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Stub};

#[tokio::test]
async fn a_value_from_stdin_or_a_file_is_sent_and_shown_nowhere() {
    let stub = Stub::start(|_| Reply::Text(204, "")).await;
    let user = User::of(&stub);
    let file = user.write("value", "from file\r\n");

    let stdin = user
        .run_with_stdin(&["secret", "set", "say-hello", "KEY"], b"from stdin\n\n")
        .await
        .expect_code(0);
    let file = user
        .run(&["secret", "set", "say-hello", "KEY", "--file", &file])
        .await
        .expect_code(0);

    let requests = stub.requests();
    assert_eq!(requests[0].method, "PUT");
    assert_eq!(requests[0].target, "/secret/say-hello/KEY");
    assert_eq!(requests[0].json(), json!({"value": "from stdin\n"}));
    assert_eq!(requests[1].json(), json!({"value": "from file"}));
    for ended in [stdin, file] {
        assert!(ended.stdout.is_empty());
        assert!(!ended.stderr.contains("from"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_value_is_never_an_argument_and_never_unfit() {
    let stub = Stub::start(|_| Reply::Text(204, "")).await;
    let user = User::of(&stub);

    user.run(&["secret", "set", "p", "KEY", "value"])
        .await
        .expect_code(2);
    for bytes in [b"\0".as_slice(), b"\xff\xfe", b"\n"] {
        user.run_with_stdin(&["secret", "set", "p", "KEY"], bytes)
            .await
            .expect_code(1)
            .expect_said("nothing was set");
    }

    assert!(stub.requests().is_empty());
}
