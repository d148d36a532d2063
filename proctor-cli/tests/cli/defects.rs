//! What was wrong with version 2's command line, each point by its number in the list of its defects.

use serde_json::json;
use tokio::net::TcpListener;

use crate::run::User;
use crate::stub::{Reply, Step, Stub};
use crate::wire::end;

async fn service(log: Vec<Step>) -> Stub {
    Stub::start(move |request| match request.path() {
        "/metadata/p" => Reply::Json(200, json!({"name": "p"})),
        "/execution" => Reply::Json(201, crate::wire::execution("CREATED")),
        "/execution/logs" => Reply::Log(log.clone()),
        _ => Reply::Text(404, "no such route"),
    })
    .await
}

#[tokio::test]
async fn c1_a_proc_that_failed_is_no_success() {
    let log = vec![end(0, json!({"status": "FAILED", "exit_code": 4}))];
    let stub = service(log).await;

    let ended = User::of(&stub).run(&["execute", "p"]).await.expect_code(4);

    assert!(!ended.stderr.contains("Execution completed."));
}

#[tokio::test]
async fn c7_the_reason_of_a_close_is_told_and_is_no_success() {
    let reason = "No execution context found with id 9";
    let stub = service(vec![Step::Close(1000, reason)]).await;

    let ended = User::of(&stub).run(&["logs", "9"]).await.expect_code(125);

    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert!(!ended.stderr.contains("Execution completed."));
}

#[tokio::test]
async fn c8_a_service_that_is_down_is_an_error_and_no_crash() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);

    User::new()
        .with("PROCTOR_HOST", &address)
        .run(&["logs", "1"])
        .await
        .expect_code(125)
        .expect_said("Network Error!!!");
}

#[tokio::test]
async fn c10_a_line_of_any_length_arrives_whole() {
    let mut line = vec![b'x'; 300 * 1024];
    line.push(b'\n');
    let log = vec![
        Step::Bytes(0, line.clone()),
        end(line.len(), json!({"status": "SUCCEEDED", "exit_code": 0})),
    ];
    let stub = service(log).await;

    let ended = User::of(&stub).run(&["logs", "1"]).await.expect_code(0);

    assert_eq!(ended.stdout, line);
}

#[tokio::test]
async fn c11_an_id_keeps_all_its_digits() {
    let log = vec![end(0, json!({"status": "SUCCEEDED", "exit_code": 0}))];
    let stub = service(log).await;
    let id = "9007199254740991";

    User::of(&stub).run(&["logs", id]).await.expect_code(0);

    assert_eq!(
        stub.requests()[0].target,
        format!("/execution/logs?context_id={id}&offset=0")
    );
}

#[tokio::test]
async fn c14_a_list_that_is_null_or_empty_is_empty() {
    for body in [json!(null), json!([])] {
        let stub = Stub::start(move |_| Reply::Json(200, body.clone())).await;
        let user = User::of(&stub);

        let ended = user.run(&["list", "-ojson"]).await.expect_code(0);

        assert_eq!(ended.stdout(), "[]\n");
    }
}

#[tokio::test]
async fn c17_mistakes_in_a_file_of_args_stop_the_execution() {
    let stub = service(vec![]).await;
    let user = User::of(&stub);
    let file = user.write("args.yaml", "A: [\n");

    user.run(&["execute", "p", "-f", &file])
        .await
        .expect_code(2);

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn c17_a_file_with_one_arg_is_told_and_sent() {
    let stub = service(vec![]).await;
    let user = User::of(&stub);
    let file = user.write("args.yaml", "A: one\n");

    user.run(&["execute", "p", "--detach", "-f", &file])
        .await
        .expect_code(0)
        .expect_said("With Variables\n");

    assert_eq!(stub.requests()[1].json()["args"], json!({"A": "one"}));
}

#[tokio::test]
async fn c17_a_word_without_an_equals_sign_stops_the_execution() {
    let stub = service(vec![]).await;

    User::of(&stub)
        .run(&["execute", "p", "word"])
        .await
        .expect_code(2)
        .expect_said("Incorrect variable format\n  word");

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn c17_a_setting_may_contain_equals_signs() {
    let user = User::new();
    user.run(&["config", "PROCTOR_HOST=h", "ACCESS_TOKEN=a=b=="])
        .await
        .expect_code(0);
    let file = std::fs::read_to_string(user.path("config/proctor.yaml")).unwrap();
    assert!(file.contains("ACCESS_TOKEN: a=b==\n"), "{file}");
}

#[cfg(unix)]
#[tokio::test]
async fn s12_the_token_is_its_owners_alone_and_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let path = user.write("config/proctor.yaml", "ACCESS_TOKEN: old\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();

    user.run(&["config", "show"])
        .await
        .expect_code(0)
        .expect_said("can be read by others");
    user.run(&["config", "-y", "PROCTOR_HOST=h", "ACCESS_TOKEN=hunter2"])
        .await
        .expect_code(0);

    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = user.run(&["config", "show"]).await.expect_code(0);
    assert_eq!(shown.stdout(), "PROCTOR_HOST: h\nACCESS_TOKEN: <hidden>\n");
    assert!(!shown.stderr.contains("hunter2"));
    assert!(!shown.stderr.contains("others"), "{}", shown.stderr);
}

#[tokio::test]
async fn an_outdated_client_is_told_in_the_services_words() {
    let text = "Your Proctor client is using an outdated version: 3.0.0. To continue using proctor, please upgrade to latest version.";
    let plain = Stub::start(move |_| Reply::Text(400, text)).await;
    let problem = Stub::start(move |_| crate::wire::problem(400, json!({"detail": text}))).await;

    for stub in [plain, problem] {
        let user = User::of(&stub);
        for (args, code) in [
            (["list", "-otext"], 1),
            (["logs", "1"], 125),
            (["execute", "p"], 125),
        ] {
            let ended = user.run(&args).await.expect_code(code);
            assert!(
                ended
                    .stderr
                    .ends_with(&format!("{text}\nThis is proctor v3.0.0.\n")),
                "{}",
                ended.stderr
            );
        }
    }
}

#[tokio::test]
async fn a_proctord_that_is_none_is_told_so() {
    for reply in [
        Reply::Text(200, "<html>a portal</html>"),
        Reply::Text(404, "nothing here"),
    ] {
        let stub = Stub::start(move |_| reply.clone()).await;
        for args in [["list", "-otext"], ["whoami", "-otext"]] {
            User::of(&stub)
                .run(&args)
                .await
                .expect_code(1)
                .expect_said("Check that PROCTOR_HOST is a proctord");
        }
    }
}

#[tokio::test]
async fn a_proctord_of_another_age_is_told_so() {
    let stub = Stub::start(|_| {
        crate::wire::problem(
            404,
            json!({"type": "/problems/no-such-route", "detail": "there is nothing at this path"}),
        )
    })
    .await;
    for args in [["rerun", "7"], ["unpublish", "x"], ["describe", "x"]] {
        let ended = User::of(&stub)
            .run(
                &[
                    &args[..],
                    if args[0] == "unpublish" { &["-y"] } else { &[] },
                ]
                .concat(),
            )
            .await;
        assert!(
            ended
                .stderr
                .contains("does not know what proctor v3.0.0 asks of it"),
            "{ended:?}"
        );
    }
}
