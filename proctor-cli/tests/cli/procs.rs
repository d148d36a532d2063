use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::problem;

#[tokio::test]
async fn a_proc_is_unpublished_with_yes_where_nobody_can_be_asked() {
    let stub = Stub::start(|request| match request.path() {
        "/metadata/say-hello" => Reply::Text(204, ""),
        _ => problem(404, json!({"detail": "No proc has this name."})),
    })
    .await;
    let user = User::of(&stub);

    user.run(&["unpublish", "say-hello"])
        .await
        .expect_code(2)
        .expect_said("say --yes to unpublish say-hello");
    assert!(stub.requests().is_empty());

    let ended = user.run(&["unpublish", "say-hello", "--yes"]).await;
    assert_eq!(ended.expect_code(0).stderr, "Unpublished say-hello\n");
    assert_eq!(stub.requests()[0].method, "DELETE");
    user.run(&["unpublish", "other", "-y"])
        .await
        .expect_code(1)
        .expect_said("Proctor doesn't support Proc `other`");
}

async fn service() -> Stub {
    Stub::start(|request| match (request.method.as_str(), request.path()) {
        ("GET", "/secret/say-hello") => Reply::Json(200, json!({"names": ["TOKEN", "OLD"]})),
        ("GET", "/secret/bare") => Reply::Json(200, json!({"names": []})),
        ("GET", "/metadata/say-hello") => Reply::Json(
            200,
            json!({"name": "say-hello", "env_vars": {"secrets": [
                {"name": "TOKEN", "description": "Opens the door"},
                {"name": "PIN", "description": "Opens the safe"},
            ]}}),
        ),
        ("DELETE", "/secret/say-hello/TOKEN") => Reply::Text(204, ""),
        ("PUT", _) => Reply::Json(
            200,
            json!({"warnings": ["A value under 6 bytes is not masked."]}),
        ),
        _ => problem(404, json!({"detail": "It is not set."})),
    })
    .await
}

#[tokio::test]
async fn secrets_are_listed_without_their_values_in_every_way() {
    let stub = service().await;
    let user = User::of(&stub);

    let text = user
        .run(&["secret", "list", "say-hello"])
        .await
        .expect_code(0);
    assert_eq!(
        text.stdout(),
        format!(
            "{:<40} set     (the proc does not declare it)\n{:<40} not set Opens the safe\n{:<40} set     Opens the door\n",
            "OLD", "PIN", "TOKEN"
        )
    );
    assert_eq!(
        text.stderr,
        "Secrets of say-hello:\n\n\nTo set a secret, run:\nproctor secret set say-hello PIN\n"
    );
    let name = user.run(&["secret", "list", "say-hello", "-oname"]).await;
    assert_eq!(name.expect_code(0).stdout(), "OLD\nTOKEN\n");
    let json = user.run(&["secret", "list", "say-hello", "-ojson"]).await;
    let told: Value = serde_json::from_str(json.expect_code(0).stdout()).unwrap();
    assert_eq!(
        told[1],
        json!({"name": "PIN", "is_set": false, "is_declared": true, "description": "Opens the safe"})
    );
    user.run(&["secret", "list", "bare"])
        .await
        .expect_code(0)
        .expect_said("No secrets found");
}

#[tokio::test]
async fn one_secret_is_deleted_and_what_there_is_to_know_about_a_value_is_told() {
    let stub = service().await;
    let user = User::of(&stub);

    user.run(&["secret", "rm", "say-hello", "TOKEN"])
        .await
        .expect_code(0)
        .expect_said("Secret TOKEN of say-hello is deleted\n");
    user.run(&["secret", "rm", "say-hello", "NONE"])
        .await
        .expect_code(1)
        .expect_said("It is not set.");
    user.run_with_stdin(&["secret", "set", "say-hello", "PIN"], b"1234")
        .await
        .expect_code(0)
        .expect_said("A value under 6 bytes is not masked.\nSecret PIN of say-hello is set\n");
}
